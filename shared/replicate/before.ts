/** What stood in a document's place before the write that an event tells of. */
import type { Document } from '../document/json.ts'

export interface Before {
  /** Undefined: nothing. */
  readonly document: Document | undefined
  /**
   * Until when it stood there, at least: the time of the write by the store's clock, in ms, rounded down as its source
   * rounds it. Absent: the event does not tell.
   */
  readonly untilMs?: number
  /**
   * When it had been written, in microseconds; of nothing: just before the event's write. Only where events come in any
   * order: elsewhere the first event of a record is the first.
   */
  readonly writtenUs?: number
  /** When the document had been created, in milliseconds. */
  readonly createdMs?: number
}

/** Of each event of a record, in the order in which they came. Throws `ValueRefused` for what cannot be carried. */
export type TellBefore = () => Iterable<Before>
