/** What a flow needs from a cloud beside its database. */
import type { Answer } from '../replicate/answer.ts'
import type { AuditEntry } from '../replicate/audit-entry.ts'
import type { ChangeEvent } from '../replicate/change-event.ts'
import type { DeadLetter } from '../replicate/dead-letter.ts'

export type * from './adoption-store.ts'
export type * from './audit-log.ts'
export type * from './control-store.ts'
export type * from './document-scan.ts'
export * from './errors.ts'
export type * from './record-store.ts'
export type * from './tombstones.ts'

export interface Clock {
  /** Wall clock, ms since 1970. */
  now(): number
  /** Resolves after so many ms. */
  sleep(ms: number): Promise<void>
}

/** From publish to forward, inside one site. At least once, in no promised order. */
export interface Bus {
  publish(events: readonly ChangeEvent[]): Promise<void>
}

/** The audit store: resolutions, and the evidence of blind writes. A put is repeated under the same id without effect. */
export interface AuditStore {
  put(entries: readonly AuditEntry[]): Promise<void>
}

/** Another site's ingest. Answers in the order of the events; rejects with `PeerUnavailable`. */
export interface Peer {
  deliver(events: readonly ChangeEvent[]): Promise<readonly Answer[]>
}

/** Where a change or a document that cannot be processed waits for an operator. */
export interface DeadLetters {
  put(letter: DeadLetter): Promise<void>
}
