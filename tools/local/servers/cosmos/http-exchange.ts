/** What the server's parts need of an HTTP request and say in an answer, without the sockets. */
import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import type { Json } from '../../../../shared/document/json.ts'
import { badRequest } from './refusal.ts'

export interface Request {
  readonly method: string
  /** Decoded segments of the path: `['dbs', 'shop', 'colls', 'carts']`. */
  readonly path: readonly string[]
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Absent: no body at all. */
  readonly body?: Json
}

/** A part of a body that may be any JSON: its text was parsed, so there is nothing left to check. */
export const jsonSchema = z.custom<Json>(value => value !== undefined)

/** The value of a header, `undefined` when it was not sent. `name` in lower case. */
export function headerOf(request: Request, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

/** The clients write `true`, `True` and `"true"` alike. */
export function flagOf(request: Request, name: string): boolean {
  return headerOf(request, name)?.toLowerCase() === 'true'
}

/** Whether a POST asks instead of creating. */
export function isQuery(request: Request): boolean {
  const contentType = headerOf(request, 'content-type') ?? ''
  return contentType.startsWith('application/query+json') || flagOf(request, 'x-ms-documentdb-isquery')
}

/** How many results a page may hold: the client's wish, `pageDefault` where it leaves it to the server (absent or -1). */
export function pageSizeOf(request: Request, pageDefault: number, pageMax: number): number {
  const wish = Number(headerOf(request, 'x-ms-max-item-count') ?? -1)
  return wish > 0 ? Math.min(wish, pageMax) : pageDefault
}

/** The request's body as `schema` says it must be. Throws 400. */
export function parseBody<Body>(request: Request, schema: z.ZodType<Body>): Body {
  const parsed = schema.safeParse(parseJson(request.body))
  if (!parsed.success) throw badRequest(`The request body is invalid. ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** Any JSON value. Throws 400 where the text is not JSON. */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest('The request payload is invalid. Ensure to provide a valid request payload.')
  }
}
