/** What every one of the stores can hold, checked where a document is captured: refused by name, never bent. */
import type { Document } from './json.ts'

/** Cosmos keeps its own properties beside the document's; `id` is made from the key. */
const cosmosOwn: ReadonlySet<string> = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts', '_lsn'])

export function isCosmosOwn(name: string): boolean {
  return cosmosOwn.has(name)
}

/** Why no field may have this name at the top of a document; undefined: it may. */
export function reservedReason(name: string): string | undefined {
  if (cosmosOwn.has(name)) return 'Cosmos DB has a property of its own by this name; use another'
  if (name === '__proto__')
    return 'the official clients of DynamoDB and Firestore lose a field of this name; use another'
  return undefined
}

/** The first field that some store could not hold beside its own; `document` is without its key fields. */
export function reservedField(document: Document): string | undefined {
  return Object.keys(document).find(name => reservedReason(name) !== undefined)
}
