/**
 * What Cosmos DB refuses to store, so that code which would fail in the cloud fails here too.
 *
 * Sources: https://learn.microsoft.com/azure/cosmos-db/concepts-limits#per-item-limits and
 * https://learn.microsoft.com/dotnet/api/microsoft.azure.documents.resource.id (characters of an id)
 */
import type { Document } from '../../../../shared/document/json.ts'
import { badRequest, tooLarge } from './refusal.ts'
import { assertTimeToLive } from './time-to-live.ts'

export const itemBytesMax = 2 * 1024 * 1024
const idBytesMax = 1023

/** Throws 400 unless `id` can name an item, a container or a database. */
export function assertId(id: unknown): asserts id is string {
  if (id === undefined)
    throw badRequest("The input content is invalid because the required properties - 'id; ' - are missing")
  if (typeof id !== 'string' || id === '') throw badRequest(`The input name '${String(id)}' is invalid.`)
  if (/[/\\?#]/.test(id))
    throw badRequest(
      `The input name '${id}' is invalid. Ensure that it has none of the characters '/', '\\', '?', '#'.`,
    )
  if (Buffer.byteLength(id) > idBytesMax) throw badRequest(`The input name is longer than ${idBytesMax} bytes.`)
}

/** Throws 400 or 413 unless the document can be stored. Returns its id and its size. */
export function storable(document: Document): { readonly id: string; readonly bytes: number } {
  const { id, ttl } = document
  assertId(id)
  assertTimeToLive(ttl)
  const bytes = Buffer.byteLength(JSON.stringify(document))
  if (bytes > itemBytesMax) throw tooLarge(`Request size is too large: ${bytes} bytes, at most ${itemBytesMax}.`)
  return { id, bytes }
}
