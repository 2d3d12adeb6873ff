/** Where the values of a document with feeds come from, how old they are by the clock of whoever asks, and which one counts. */
import type { BestFeedDescriptor } from '../declare/feed-descriptor.ts'
import type { Document, Json } from '../document/json.ts'
import { bestOf, feedsIn } from './best-feed.ts'
import type { Origin } from './merge-type.ts'

export interface FeedTold {
  readonly feed: string
  readonly venue: Json | null
  readonly class: Json | null
  /** The site at which it was captured. */
  readonly site: string
  readonly observedMs: number
  readonly ageMs: number
  /** From its observation to its capture. */
  readonly lagMs: number
  readonly latencyMs: number | null
  readonly confidence: number | null
  readonly counts: boolean
  /** Older than declared. */
  readonly warning?: string
}

export function feedsTold(
  declared: BestFeedDescriptor,
  document: Document,
  origins: readonly Origin[],
  nowMs: number,
): readonly FeedTold[] {
  const feeds = feedsIn(declared, document, origins)
  const best = bestOf(declared, feeds)
  return feeds.map(feed => {
    const { name, observedMs, capturedMs, origin, latencyMs, confidence } = feed
    const ageMs = Math.max(0, nowMs - observedMs)
    return {
      feed: name,
      venue: feed.venue ?? null,
      class: feed.class ?? null,
      site: origin.site,
      observedMs,
      ageMs,
      lagMs: capturedMs - observedMs,
      latencyMs: latencyMs ?? null,
      confidence: confidence ?? null,
      counts: feed === best,
      ...(ageMs > declared.staleAfterS * 1000 && { warning: `older than ${declared.staleAfterS} s` }),
    }
  })
}
