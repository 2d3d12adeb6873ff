/** Names of documents and collections: slash-separated, with collections and documents alternating after `documents`. */
import { invalidArgument } from './refusal.ts'
import { compareUtf8 } from './utf8-order.ts'

const documentName = /^projects\/[^/]+\/databases\/[^/]+\/documents(?:\/[^/]+\/[^/]+)+$/
const databaseSegments = 5

/** The collection `projects/.../documents/carts` of the document `projects/.../documents/carts/alice`. */
export function collectionOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'))
}

export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The segments after `projects/p/databases/d/documents`. */
export function relativeSegments(name: string): readonly string[] {
  return name.split('/').slice(databaseSegments)
}

/** Throws INVALID_ARGUMENT for a name that Firestore would not store a document under. */
export function assertDocumentName(name: string): void {
  if (!documentName.test(name)) throw invalidArgument(`Document name "${name}" is not valid.`)
  const reserved = relativeSegments(name).find(
    segment => segment === '.' || segment === '..' || /^__.*__$/.test(segment),
  )
  if (reserved !== undefined) throw invalidArgument(`Resource id "${reserved}" is invalid because it is reserved.`)
}

/** Order of documents by name, segment by segment. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  // Within one collection, as in most queries, only the last segment differs.
  const lastA = a.lastIndexOf('/') + 1
  const lastB = b.lastIndexOf('/') + 1
  if (lastA === lastB && a.startsWith(b.slice(0, lastB))) return compareUtf8(a.slice(lastA), b.slice(lastB))
  const x = a.split('/')
  const y = b.split('/')
  for (const [index, segment] of x.entries()) {
    const other = y[index]
    if (other === undefined) return 1
    const order = compareUtf8(segment, other)
    if (order !== 0) return order
  }
  return x.length - y.length
}
