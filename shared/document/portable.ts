/** Fields at the top of a document that are not simply the document's: a store's own, and those that never travel. */
import type { Document, Json } from './json.ts'

/** Cosmos keeps its own properties beside the document's; `id` is made from the key. */
const cosmosOwn: ReadonlySet<string> = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts', '_lsn'])

export function isCosmosOwn(name: string): boolean {
  return cosmosOwn.has(name)
}

/** The document without these fields at its top; the same one if it has none of them. */
export function withoutFields(document: Document, names: readonly string[]): Document {
  if (!names.some(name => Object.hasOwn(document, name))) return document
  const rest: Record<string, Json> = { ...document }
  for (const name of names) delete rest[name]
  return rest
}
