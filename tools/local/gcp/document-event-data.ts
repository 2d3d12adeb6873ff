/**
 * The protobuf body of a Firestore event, as the local trigger writes it and tests read it back: one definition with
 * the functions, which are what reads it in earnest.
 */
import { documentEventData } from '../../../functions/gcp/document-event-data.ts'
import type { FirestoreDocument } from '../servers/firestore/values.ts'

/** A document before and after a write, in the shapes that proto-loader gives. */
export interface DocumentEventData {
  /** After the write; absent when it deleted the document. */
  readonly value?: FirestoreDocument
  /** Before the write; absent when it created the document. */
  readonly oldValue?: FirestoreDocument
  /** The fields an update changed; absent for creations and deletions. */
  readonly updateMask?: { readonly fieldPaths: readonly string[] }
}

export function encodeDocumentEventData(data: DocumentEventData): Buffer {
  return Buffer.from(documentEventData.encode(documentEventData.fromObject(data)).finish())
}

/** Throws when the bytes are not such a message. */
export function decodeDocumentEventData(bytes: Uint8Array): DocumentEventData {
  const decoded = documentEventData.toObject(documentEventData.decode(bytes), {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  })
  // With `defaults`, which proto-loader uses too, an absent message is null.
  return Object.fromEntries(Object.entries(decoded).filter(([, part]) => part !== null))
}
