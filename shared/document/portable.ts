/** What every one of the stores can hold, checked where a document is captured: refused by name, never bent. */
import type { Document } from './json.ts'

/** Cosmos keeps its own properties beside the document's; `id` is made from the key. */
const reservedFields: ReadonlySet<string> = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts', '_lsn'])

/** The first field that some store could not hold beside its own; `document` is without its key fields. */
export function reservedField(document: Document): string | undefined {
  return Object.keys(document).find(name => reservedFields.has(name))
}

export function isReserved(name: string): boolean {
  return reservedFields.has(name)
}
