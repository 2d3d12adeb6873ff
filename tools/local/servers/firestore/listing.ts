/** Documents and collections by name, page by page. A page token names the last entry of the page before. */
import { status } from '@grpc/grpc-js'
import { compareNames, lastSegment } from './document-names.ts'
import { parseFieldPath, project } from './field-paths.ts'
import type { Consistency, ListCollectionIdsRequest, ListDocumentsRequest } from './messages.ts'
import type { ReadView } from './read-view.ts'
import { invalidArgument, Refusal } from './refusal.ts'
import type { FirestoreDocument } from './values.ts'

/** The server never gives more at once, however many are asked for. */
const pageSizeMax = 300

interface Page {
  readonly names: readonly string[]
  /** Empty on the last page. */
  readonly nextPageToken: string
}

/** A document that does not exist but has subcollections is listed by its name alone, on request. */
export type ListedDocument = FirestoreDocument | { readonly name: string }

export function listDocuments(
  view: ReadView,
  request: ListDocumentsRequest,
): { readonly documents: readonly ListedDocument[]; readonly nextPageToken: string } {
  assertOutsideTransaction(request)
  if (request.orderBy !== '' && request.orderBy !== '__name__')
    throw new Refusal(status.UNIMPLEMENTED, 'This server lists documents by name only; run a query for other orders.')
  const collection = `${request.parent}/${request.collectionId}`
  const documents = new Map(view.documentsIn(collection).map(document => [document.name, document]))
  const missing = request.showMissing ? ancestorsIn(collection, view.collections()) : []
  const { names, nextPageToken } = pageOf([...documents.keys(), ...missing], request)
  const mask = request.mask?.fieldPaths.map(parseFieldPath)
  return {
    documents: names.map(name => {
      const document = documents.get(name)
      return document ? project(document, mask) : { name }
    }),
    nextPageToken,
  }
}

export function listCollectionIds(
  view: ReadView,
  request: ListCollectionIdsRequest,
): { readonly collectionIds: readonly string[]; readonly nextPageToken: string } {
  assertOutsideTransaction(request)
  const prefix = `${request.parent}/`
  const children = view
    .collections()
    .filter(collection => collection.startsWith(prefix))
    .map(collection => prefix + firstSegment(collection.slice(prefix.length)))
  const { names, nextPageToken } = pageOf(children, request)
  return { collectionIds: names.map(lastSegment), nextPageToken }
}

/** The documents of `collection`, existing or not, that collections lie under. */
function ancestorsIn(collection: string, collections: readonly string[]): readonly string[] {
  const prefix = `${collection}/`
  return collections
    .filter(other => other.startsWith(prefix))
    .map(other => prefix + firstSegment(other.slice(prefix.length)))
}

function pageOf(names: readonly string[], request: { readonly pageSize: number; readonly pageToken: string }): Page {
  if (request.pageSize < 0) throw invalidArgument('page_size is negative')
  const after = Buffer.from(request.pageToken, 'base64url').toString()
  const rest = [...new Set(names)].sort(compareNames).filter(name => after === '' || compareNames(name, after) > 0)
  const page = rest.slice(0, Math.min(request.pageSize || pageSizeMax, pageSizeMax))
  const last = page.at(-1)
  return {
    names: page,
    nextPageToken: last !== undefined && rest.length > page.length ? Buffer.from(last).toString('base64url') : '',
  }
}

function assertOutsideTransaction(request: Consistency): void {
  if (request.consistencySelector === 'transaction')
    throw new Refusal(status.UNIMPLEMENTED, 'This server does not list inside a transaction; run a query.')
}

function firstSegment(path: string): string {
  return path.split('/', 1).join()
}
