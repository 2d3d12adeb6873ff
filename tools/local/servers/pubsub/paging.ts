/** One page of a list that is sorted by name. The token is the last name of the page before: it survives deletions. */
import { DEFAULTS, LIMITS } from './limits.ts'
import { invalidArgument } from './rpc-error.ts'

export interface PageRequest {
  readonly pageSize: number
  readonly pageToken: string
}

export function pageOf<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  request: PageRequest,
): { readonly page: readonly T[]; readonly nextPageToken: string } {
  if (request.pageSize < 0) throw invalidArgument(`Invalid page_size: ${request.pageSize}`)
  const size = Math.min(request.pageSize || DEFAULTS.pageSize, LIMITS.pageSizeMax)
  const after = Buffer.from(request.pageToken, 'base64url').toString()
  const rest = items.filter(item => nameOf(item) > after)
  const page = rest.slice(0, size)
  const last = page.at(-1)
  const more = rest.length > page.length && last !== undefined
  return { page, nextPageToken: more ? Buffer.from(nameOf(last)).toString('base64url') : '' }
}
