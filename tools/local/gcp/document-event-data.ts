/**
 * `google.events.cloud.firestore.v1.DocumentEventData`, the protobuf body of a Firestore event: how is it written, and
 * how is it read back?
 *
 * The message is three fields around types that the Firestore client ships as `v1.json`; Google's own `data.proto`
 * repeats those types field by field under another package, which the wire does not show, so they are taken from the
 * client and cannot fall behind it.
 * (https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/firestore/v1/data.proto)
 */
import protobuf from 'protobufjs/light.js'
import v1 from '../../../node_modules/@google-cloud/firestore/build/protos/v1.json' with { type: 'json' }
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

const root = protobuf.Root.fromJSON(v1)
root.define('google.events.cloud.firestore.v1', {
  DocumentEventData: {
    fields: {
      value: { type: 'google.firestore.v1.Document', id: 1 },
      oldValue: { type: 'google.firestore.v1.Document', id: 2 },
      updateMask: { type: 'google.firestore.v1.DocumentMask', id: 3 },
    },
  },
})
const messageType = root.lookupType('google.events.cloud.firestore.v1.DocumentEventData')

export function encodeDocumentEventData(data: DocumentEventData): Buffer {
  return Buffer.from(messageType.encode(messageType.fromObject(data)).finish())
}

/** Throws when the bytes are not such a message. */
export function decodeDocumentEventData(bytes: Uint8Array): DocumentEventData {
  const decoded = messageType.toObject(messageType.decode(bytes), {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  })
  // With `defaults`, which proto-loader uses too, an absent message is null.
  return Object.fromEntries(Object.entries(decoded).filter(([, part]) => part !== null))
}
