/** How a declaration says which of several feeds counts (see resolve/best-feed.ts). */

/** What a feed tells of itself: the names of these fields. All but the venue may be missing in a feed. */
export interface FeedFields {
  readonly venue: string
  /** Who took it in: one of the declared classes. */
  readonly class: string
  /** When it was seen at its source, in ms since 1970. */
  readonly observed: string
  /** From its source to whoever took it in, in ms. */
  readonly latency: string
  readonly confidence: string
}

export interface BestFeedDescriptor {
  readonly kind: 'bestFeed'
  /** The field with the feeds that applications write: `{ <feed>: { <venue>, <class>, <observed>, ... } }`. */
  readonly feeds: string
  /** The field into which Tributary writes the name of the feed that counts. */
  readonly best: string
  /** In the order of fallback: the first whose feed is not left behind counts. */
  readonly venues: readonly string[]
  /** Of one venue's feeds, who is believed first. */
  readonly classes: readonly string[]
  /** By venue, the site that takes it in: of concurrent writes of one feed its own count. */
  readonly sites: { readonly [venue: string]: string }
  /** So many seconds behind the latest a feed does not count, and so old by the clock it carries a warning. */
  readonly staleAfterS: number
  readonly fields: FeedFields
}

/** The exchange's own API, a site that takes it in nearby, what the primary made of it, what was fetched from afar later. */
const feedClasses = ['exchange', 'regional', 'primary', 'backfill'] as const

const feedFields: FeedFields = {
  venue: 'venue',
  class: 'class',
  observed: 'observed_ms',
  latency: 'latency_ms',
  confidence: 'confidence',
}

/**
 * The same value from several feeds, each an entry of its own: Tributary writes which one counts. That is the first by
 * venue, class, latency and confidence, of those that are not `staleAfterS` seconds behind the latest.
 */
export function bestFeed({
  fields: named = {},
  ...options
}: Partial<Omit<BestFeedDescriptor, 'kind' | 'fields'>> & {
  readonly fields?: Partial<FeedFields>
} = {}): BestFeedDescriptor {
  return {
    kind: 'bestFeed',
    feeds: 'feeds',
    best: 'best',
    venues: [],
    classes: feedClasses,
    sites: {},
    staleAfterS: 60,
    ...options,
    fields: { ...feedFields, ...named },
  }
}
