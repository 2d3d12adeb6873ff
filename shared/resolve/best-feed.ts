/**
 * The same quote comes from several venues, by several ways, to several sites: which one should readers take, and which
 * one when that falls silent?
 *
 * Every feed is an entry of its own, so that nothing is overwritten: a backfill that comes late stands beside the quote of
 * the exchange and not in its place. What counts is computed from the entries, and its name stands in a field of the
 * document that Tributary writes. Of the feeds that are not left behind the first by venue counts (the order of fallback),
 * then by class (who took it in), then the lowest latency, the highest confidence, the latest observation. Left behind is
 * a feed whose latest value was observed so many seconds before the latest value of any feed.
 *
 * No clock is asked, so every site that has the same entries shows the same name. What is old by the clock is told to
 * whoever asks (see feeds-told.ts): a warning in the document would have to appear at a moment at which nobody writes, and
 * would be right at one site and wrong at the next. The price: when all feeds fall silent together, the document stays as
 * it is.
 *
 * Of concurrent writes of one feed those of the site that takes in its venue count, else the latest. A feed cannot have been
 * observed after it was captured: a source with a clock that is ahead leaves nobody behind.
 *
 * Not where the feeds themselves are too large for one document, and not for a choice that must never go back and forth.
 */
import { hlcToMs } from '../causality/hybrid-logical-clock.ts'
import type { BestFeedDescriptor } from '../declare/feed-descriptor.ts'
import { joinedParts, type MergeDescriptor } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json } from '../document/json.ts'
import { textOfNumber } from '../document/portable-number.ts'
import type { MergeType, Origin } from './merge-type.ts'

/** One feed with all that is compared. */
export interface Feed {
  readonly name: string
  readonly value: Document
  readonly venue: Json | undefined
  readonly class: Json | undefined
  /** When it was seen at its source, in ms since 1970: as it says itself, and not after it was captured. */
  readonly observedMs: number
  readonly capturedMs: number
  /** Undefined: it does not tell. */
  readonly latencyMs: number | undefined
  readonly confidence: number | undefined
  /** Whose write it is. */
  readonly origin: Origin
}

/** `typeOf`: from a description to the type, for what is inside. */
export function createBestFeed(declared: BestFeedDescriptor, typeOf: (merge: MergeDescriptor) => MergeType): MergeType {
  const { best } = declared
  const inner = typeOf(joinedParts(declared))

  function unowned(value: Json | undefined): Json | undefined {
    if (!isJsonObject(value)) return value
    const { [best]: _, ...document } = value
    return document
  }

  return {
    ...inner,
    corrects: true,

    misfit(value, path) {
      const misfit = inner.misfit(unowned(value) ?? null, path)
      if (misfit || !isJsonObject(value)) return misfit
      const feeds = fieldOf(value, declared.feeds)
      const wrong = isJsonObject(feeds) ? Object.keys(feeds).find(name => !isJsonObject(feeds[name])) : undefined
      return wrong === undefined
        ? undefined
        : { path: [...path, declared.feeds, wrong], reason: 'a feed is an object with what it tells' }
    },

    write: (state, before, after, stamp) => inner.write(state, unowned(before), unowned(after), stamp),

    // Who puts the whole document leaves it out, and means nothing by that.
    takes: ([name], value) => name === best && value === undefined,

    view(state) {
      const document = inner.view(state)
      if (!isJsonObject(document)) return document
      const counting = bestOf(declared, feedsIn(declared, document, inner.origins?.(state, []) ?? []))
      return counting === undefined ? document : { ...document, [best]: counting.name }
    },
  }
}

/** The feeds of a document. `origins`: whose writes its values are. */
export function feedsIn(
  { feeds: field, fields }: BestFeedDescriptor,
  document: Document,
  origins: readonly Origin[],
): readonly Feed[] {
  const feeds = fieldOf(document, field)
  if (!isJsonObject(feeds)) return []
  return Object.entries(feeds).flatMap(([name, value]): readonly Feed[] => {
    const origin = origins.find(({ path }) => path.length === 2 && path[0] === field && path[1] === name)
    if (!isJsonObject(value) || !origin) return []
    const capturedMs = hlcToMs(origin.hlc)
    return [
      {
        name,
        value,
        venue: fieldOf(value, fields.venue),
        class: fieldOf(value, fields.class),
        observedMs: Math.min(numberIn(value, fields.observed) ?? capturedMs, capturedMs),
        capturedMs,
        latencyMs: numberIn(value, fields.latency),
        confidence: numberIn(value, fields.confidence),
        origin,
      },
    ]
  })
}

/** The one that counts; undefined: there is none. */
export function bestOf(declared: BestFeedDescriptor, feeds: readonly Feed[]): Feed | undefined {
  const latestMs = Math.max(...feeds.map(({ observedMs }) => observedMs))
  const abreast = feeds.filter(({ observedMs }) => latestMs - observedMs <= declared.staleAfterS * 1000)
  return abreast.reduce<Feed | undefined>(
    (best, next) => (best === undefined || isBefore(declared, next, best) ? next : best),
    undefined,
  )
}

function isBefore({ venues, classes }: BestFeedDescriptor, a: Feed, b: Feed): boolean {
  const worst = Number.POSITIVE_INFINITY
  const order =
    place(venues, a.venue) - place(venues, b.venue) ||
    place(classes, a.class) - place(classes, b.class) ||
    compare(a.latencyMs ?? worst, b.latencyMs ?? worst) ||
    compare(b.confidence ?? -worst, a.confidence ?? -worst) ||
    compare(b.observedMs, a.observedMs)
  return order < 0 || (order === 0 && a.name < b.name)
}

/** What is not in the list comes after all that is. */
function place(list: readonly string[], name: Json | undefined): number {
  const index = typeof name === 'string' ? list.indexOf(name) : -1
  return index < 0 ? list.length : index
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function numberIn(value: Document, name: string): number | undefined {
  const number = Number(textOfNumber(fieldOf(value, name)))
  return Number.isNaN(number) ? undefined : number
}

function fieldOf(value: Document, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined
}
