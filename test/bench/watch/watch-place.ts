/** What a watcher is told: where to look, for what, and whom to tell. */
import type { SiteEndpoints } from '../../../tools/local/local-site.ts'

export interface WatchPlace {
  readonly site: SiteEndpoints
  /** A data type whose key is one field. */
  readonly type: string
  /** The numeric field whose values are told. */
  readonly field: string
  readonly onSeen: (key: string, value: number) => void
}
