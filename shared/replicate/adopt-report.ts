/** What an adoption tells of itself, on the way and in the end. */
import type { SiteId } from '../causality/dot.ts'
import type { RecordRef } from './record-ref.ts'

export interface AdoptCounts {
  /** Records that were looked at, each once. */
  readonly seen: number
  /** At every site the same. */
  readonly equal: number
  /** At some sites different documents: settled and audited. */
  readonly different: number
  /** Only at some sites: created at the others. */
  readonly missing: number
  /** Replicated before. */
  readonly known: number
  readonly refused: number
  /** Writes made meanwhile, one for each record and site that had any. */
  readonly captured: number
}

export interface AdoptProgress extends AdoptCounts {
  readonly step: 'settling feeds' | 'comparing' | 'capturing'
  /** Whose records are being gone through. */
  readonly site: SiteId
}

export interface RefusedRecord {
  readonly ref: RecordRef
  readonly site: SiteId
  readonly reason: string
}

export type AdoptOutcome =
  /** `already`: nothing was left to do. */
  | { readonly outcome: 'adopted'; readonly already: boolean }
  /** Run it again: it goes on where it was. */
  | { readonly outcome: 'interrupted' }
  /** Some site cannot hold what the sites would have to agree on; nothing is captured until that is mended. */
  | { readonly outcome: 'blocked' }
