/**
 * Which document does an event of Firestore tell of, and what stood in it? Read from the payload alone: in a header
 * the same name may be escaped, and differently on every way it takes.
 */
import * as z from '../../shared/document/schema.ts'
import { documentEventData } from './document-event-data.ts'

const documentVersion = z.object({
  name: z.string().check(z.minLength(1)),
  fields: z._default(
    z.record(z.string(), z.object({ stringValue: z.optional(z.string()), integerValue: z.optional(z.unknown()) })),
    {},
  ),
})

const documentEvent = z
  .object({ value: z.optional(documentVersion), oldValue: z.optional(documentVersion) })
  .check(z.refine(({ value, oldValue }) => value ?? oldValue, { error: 'the event names no document' }))

export interface DocumentEvent {
  /** Below the database: `carts/alice`. */
  readonly path: string
  readonly id: string
  /** A text or integer in a field of the document, as it is after the write, or was before it is gone. */
  keyValueIn(field: string): string | number | undefined
  /** The text in a field of the document as it is after the write; undefined where there is none. */
  textIn(field: string): string | undefined
  /** The same before the write. */
  textBefore(field: string): string | undefined
}

/** `projects/<project>/databases/<database>/documents/<collection>/<id>`, or deeper. */
const documentName = /^projects\/[^/]+\/databases\/[^/]+\/documents\/(?<path>(?:[^/]+\/[^/]+\/)*[^/]+\/(?<id>[^/]+))$/s

/** Throws for anything else than the event of a document. */
export function readDocumentEvent(data: unknown): DocumentEvent {
  if (!(data instanceof Uint8Array)) throw new Error('the event has no protobuf payload')
  const { value, oldValue } = documentEvent.parse(documentEventData.toObject(documentEventData.decode(data)))
  const name = (value ?? oldValue)?.name ?? ''
  const { path, id } = documentName.exec(name)?.groups ?? {}
  if (path === undefined || id === undefined) throw new Error(`'${name}' is no document`)
  return {
    path,
    id,
    keyValueIn: field => {
      const { stringValue, integerValue } = (value ?? oldValue)?.fields[field] ?? {}
      return stringValue ?? (integerValue === undefined ? undefined : Number(integerValue))
    },
    textIn: field => value?.fields[field]?.stringValue,
    textBefore: field => oldValue?.fields[field]?.stringValue,
  }
}
