/**
 * Runs structured queries by looking at every document of the collections in question: no indexes, hence none of the
 * cloud's errors about missing ones.
 *
 * Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#structuredquery
 */
import { status } from '@grpc/grpc-js'
import { collectionOf, lastSegment } from './document-names.ts'
import type { DocumentStore } from './document-store.ts'
import { type FieldPath, fieldReader, parseFieldPath } from './field-paths.ts'
import type { CollectionSelector, Cursor, StructuredQuery } from './messages.ts'
import { compileFilter, inequalityPaths } from './query-filters.ts'
import { invalidArgument, Refusal } from './refusal.ts'
import { compareValues } from './value-order.ts'
import type { FirestoreDocument, FirestoreValue } from './values.ts'

export interface CompiledQuery {
  /** True if the document lies in a collection of the query, matching or not. */
  covers(name: string): boolean
  /**
   * Whether the document itself decides if it shows: so it is in a query without limit and offset. Given a document that
   * the query covers.
   */
  readonly showsAlone: ((document: FirestoreDocument) => boolean) | undefined
  /** The matching documents, whole, in order; at the present unless a time in microseconds is given. */
  run(store: DocumentStore, at?: bigint): FirestoreDocument[]
  /** The fields that the query selects; undefined for all of them. */
  readonly selected: readonly FieldPath[] | undefined
}

/** The collections that a query looks into. */
interface Scope {
  holds(collection: string): boolean
  collections(store: DocumentStore, at?: bigint): readonly string[]
}

interface Order {
  readonly path: string
  /** 1 or -1. */
  readonly direction: number
  read(document: FirestoreDocument): FirestoreValue | undefined
}

/** `parent` is `projects/.../documents` or a document. Throws INVALID_ARGUMENT for a query that makes no sense. */
export function compileQuery(parent: string, query: StructuredQuery): CompiledQuery {
  assertSupported(query)
  const scope = scopeOf(parent, query.from[0] ?? { collectionId: '', allDescendants: true })
  const matches = query.where ? compileFilter(query.where) : () => true
  const orders = ordersOf(query)
  const start = cursorComparison(query.startAt, orders)
  const end = cursorComparison(query.endAt, orders)

  const shows = (document: FirestoreDocument) =>
    matches(document) &&
    orders.every(order => order.read(document) !== undefined) &&
    (!start || start.compare(document) > 0 || (start.before && start.compare(document) === 0)) &&
    (!end || end.compare(document) < 0 || (!end.before && end.compare(document) === 0))

  return {
    selected: selectedPaths(query),
    covers: name => scope.holds(collectionOf(name)),
    showsAlone: query.limit || query.offset > 0 ? undefined : shows,
    run(store, at) {
      const found: FirestoreDocument[] = []
      for (const collection of scope.collections(store, at))
        for (const document of store.documentsIn(collection, at)) if (shows(document)) found.push(document)
      found.sort((a, b) => compareBy(orders, a, b))
      return found.slice(query.offset, query.limit ? query.offset + query.limit.value : undefined)
    },
  }
}

function assertSupported(query: StructuredQuery): void {
  if (query.findNearest) throw new Refusal(status.UNIMPLEMENTED, 'This server does not search vectors.')
  if (query.from.length > 1) throw invalidArgument('A query takes one collection selector.')
  if (query.offset < 0) throw invalidArgument('offset is negative')
  if (query.limit && query.limit.value < 0) throw invalidArgument('limit is negative')
}

function scopeOf(parent: string, { collectionId, allDescendants }: CollectionSelector): Scope {
  if (!allDescendants) {
    const only = `${parent}/${collectionId}`
    return { holds: collection => collection === only, collections: () => [only] }
  }
  const holds = (collection: string) =>
    collection.startsWith(`${parent}/`) && (collectionId === '' || lastSegment(collection) === collectionId)
  return { holds, collections: (store, at) => store.collections(at).filter(holds) }
}

/** The orders asked for, then the fields compared by inequality, then the name: so that the order is total. */
function ordersOf(query: StructuredQuery): readonly Order[] {
  const asked = query.orderBy.map(({ field, direction }) => order(field.fieldPath, direction === 'DESCENDING' ? -1 : 1))
  const direction = asked.at(-1)?.direction ?? 1
  const compared = query.where ? inequalityPaths(query.where).filter(path => path !== '__name__') : []
  const orders = [...asked]
  for (const path of [...compared.toSorted(), '__name__'])
    if (!orders.some(other => other.path === path)) orders.push(order(path, direction))
  return orders
}

function order(path: string, direction: number): Order {
  return { path, direction, read: fieldReader(path) }
}

function compareBy(orders: readonly Order[], a: FirestoreDocument, b: FirestoreDocument): number {
  for (const { read, direction } of orders) {
    const result = compareOptional(read(a), read(b)) * direction
    if (result !== 0) return result
  }
  return 0
}

/** Where a document stands relative to a cursor, which gives values for the first few orders. */
function cursorComparison(
  cursor: Cursor | null,
  orders: readonly Order[],
): { readonly before: boolean; compare(document: FirestoreDocument): number } | undefined {
  if (!cursor) return undefined
  if (cursor.values.length > orders.length) throw invalidArgument('Cursor has too many values.')
  const bounds = cursor.values.flatMap((value, index) => {
    const bound = orders[index]
    return bound ? [{ ...bound, value }] : []
  })
  return {
    before: cursor.before,
    compare(document) {
      for (const { read, direction, value } of bounds) {
        const result = compareOptional(read(document), value) * direction
        if (result !== 0) return result
      }
      return 0
    },
  }
}

/** Queries only hold documents that have every field they are ordered by. */
function compareOptional(a: FirestoreValue | undefined, b: FirestoreValue | undefined): number {
  return a && b ? compareValues(a, b) : 0
}

/** A selection of nothing but `__name__` asks for documents without fields. */
function selectedPaths(query: StructuredQuery): readonly FieldPath[] | undefined {
  return query.select?.fields.flatMap(({ fieldPath }) => (fieldPath === '__name__' ? [] : [parseFieldPath(fieldPath)]))
}
