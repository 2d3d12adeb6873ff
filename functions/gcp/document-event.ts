/**
 * Which document does an event of Firestore tell of, and what stood in it? Read from the payload alone: in a header
 * the same name may be escaped, and differently on every way it takes.
 */
import * as z from 'zod'
import { documentEventData } from './document-event-data.ts'

const documentVersion = z.object({
  name: z.string().min(1),
  fields: z.record(z.string(), z.object({ stringValue: z.string().optional() })).default({}),
})

const documentEvent = z
  .object({ value: documentVersion.optional(), oldValue: documentVersion.optional() })
  .refine(({ value, oldValue }) => value ?? oldValue, { error: 'the event names no document' })

export interface DocumentEvent {
  readonly collection: string
  readonly id: string
  /** The text in a field of the document as it is after the write; undefined where there is none. */
  textIn(field: string): string | undefined
  /** The same before the write. */
  textBefore(field: string): string | undefined
}

/** `projects/<project>/databases/<database>/documents/<collection>/<id>` */
const documentName = /^projects\/[^/]+\/databases\/[^/]+\/documents\/(?<collection>[^/]+)\/(?<id>[^/]+)$/s

/** Throws for anything else than the event of a document in a collection at the top. */
export function readDocumentEvent(data: unknown): DocumentEvent {
  if (!(data instanceof Uint8Array)) throw new Error('the event has no protobuf payload')
  const { value, oldValue } = documentEvent.parse(documentEventData.toObject(documentEventData.decode(data)))
  const name = (value ?? oldValue)?.name ?? ''
  const { collection, id } = documentName.exec(name)?.groups ?? {}
  if (collection === undefined || id === undefined) throw new Error(`'${name}' is no document at the top`)
  return {
    collection,
    id,
    textIn: field => value?.fields[field]?.stringValue,
    textBefore: field => oldValue?.fields[field]?.stringValue,
  }
}
