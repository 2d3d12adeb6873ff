/** Names of documents and collections: slash-separated, with collections and documents alternating after `documents`. */
import { invalidArgument } from './refusal.ts'
import { compareUtf8 } from './utf8-order.ts'

const documentName = /^projects\/[^/]+\/databases\/[^/]+\/documents(?:\/[^/]+\/[^/]+)+$/
const databaseSegments = 5
/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
const idBytesMax = 1500

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
  if (relativeSegments(name).some(segment => Buffer.byteLength(segment) > idBytesMax))
    throw invalidArgument(`A resource id is longer than ${idBytesMax} bytes.`)
}

/** Order of documents by name, segment by segment. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0
  // Within one collection, as in most queries, only the last segment differs.
  const lastA = a.lastIndexOf('/') + 1
  const lastB = b.lastIndexOf('/') + 1
  if (lastA === lastB && a.startsWith(b.slice(0, lastB))) return compareIds(a.slice(lastA), b.slice(lastB))
  const x = a.split('/')
  const y = b.split('/')
  for (const [index, segment] of x.entries()) {
    const other = y[index]
    if (other === undefined) return 1
    const order = compareIds(segment, other)
    if (order !== 0) return order
  }
  return x.length - y.length
}

/**
 * Ids of numbers, `__id7__`, come before all others, in the order of the numbers. No client can store one, but the
 * official client's `recursiveDelete` starts at the smallest of them.
 */
function compareIds(a: string, b: string): number {
  if (!a.startsWith('__id') && !b.startsWith('__id')) return compareUtf8(a, b)
  const [x, y] = [numberOf(a), numberOf(b)]
  if (x === undefined || y === undefined) return x === y ? compareUtf8(a, b) : x === undefined ? 1 : -1
  return x < y ? -1 : x > y ? 1 : 0
}

function numberOf(id: string): bigint | undefined {
  const digits = /^__id(-?\d+)__$/.exec(id)?.[1]
  return digits === undefined ? undefined : BigInt(digits)
}
