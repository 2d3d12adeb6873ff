/** An item as the server keeps it. Never changed once stored: every write makes a new one. */
import type { Document } from '../../../../shared/document/json.ts'
import type { PartitionKey } from './partition-key.ts'
import { partitionKeyText } from './partition-key.ts'

/** The application's properties and the service's own. */
export type StoredDocument = Document & {
  readonly id: string
  readonly _rid: string
  readonly _self: string
  readonly _etag: string
  readonly _attachments: string
  /** When it was written, in seconds since 1970. */
  readonly _ts: number
}

export interface Item {
  /** Names it inside its container: see `itemKey`. */
  readonly key: string
  readonly partitionKey: PartitionKey
  /** Effective partition key: the place on the ring. */
  readonly epk: string
  readonly document: StoredDocument
  /** Size of the document in UTF-8. */
  readonly bytes: number
  /** Number of the transaction that wrote it. */
  readonly lsn: number
}

/** An id is unique within its logical partition only. */
export function itemKey(partitionKey: PartitionKey, id: string): string {
  return `${partitionKeyText(partitionKey)}${id}`
}
