/**
 * Who may call: the account's master key, proved by a signature over what is asked and when, so that a wrong key
 * fails here as it does in the cloud.
 *
 * Source: https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources#constructkeytoken
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Request } from './http-exchange.ts'
import { headerOf } from './http-exchange.ts'
import { Refusal } from './refusal.ts'

/** How far the client's clock may be off before the service takes a request for a replayed one. */
const clockSkewMaxMs = 15 * 60_000

/** Throws 401 unless the request is signed with `key`, 403 when it was signed long ago. */
export function assertAuthorized(request: Request, key: KeyObject): void {
  const authorization = headerOf(request, 'authorization')
  const date = headerOf(request, 'x-ms-date') ?? headerOf(request, 'date')
  if (authorization === undefined || date === undefined)
    throw unauthorized('Required Header authorization or x-ms-date is missing.')
  const sent = /^type=master&ver=1\.0&sig=(.+)$/.exec(decode(authorization))?.[1]
  if (sent === undefined) throw unauthorized('The authorization token is not one of the account key.')
  if (!sameBytes(sent, signature(request, date, key)))
    throw unauthorized(
      "The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol.",
    )
  if (!(Math.abs(Date.now() - Date.parse(date)) <= clockSkewMaxMs))
    throw new Refusal(403, 'Forbidden', 'The authorization token is not valid at the current time.')
}

function signature(request: Request, date: string, key: KeyObject): string {
  const { type, link } = signedResource(request.path)
  const text = `${request.method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date.toLowerCase()}\n\n`
  return createHmac('sha256', key).update(text).digest('base64')
}

/**
 * A path is pairs of type and id. One that ends with an id names that resource, one that ends with a type lists the
 * children of the resource before it: the signature holds the named resource and the last type.
 */
function signedResource(path: readonly string[]): { type: string; link: string } {
  const endsWithType = path.length % 2 === 1
  return endsWithType
    ? { type: path.at(-1) ?? '', link: path.slice(0, -1).join('/') }
    : { type: path.at(-2) ?? '', link: path.join('/') }
}

function decode(header: string): string {
  try {
    return decodeURIComponent(header)
  } catch {
    return header
  }
}

function sameBytes(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function unauthorized(message: string): Refusal {
  return new Refusal(401, 'Unauthorized', message)
}
