/**
 * How an HTTP API reads what a function returned (payload format 2.0). A result without `statusCode` is the body of a
 * 200; one with it is a response and must have the right types.
 */
import { z } from 'zod'

export interface ApiResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  /** The bytes that go out. */
  readonly body: Buffer
}

const responseSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
})

/** Undefined for a malformed response, which the gateway answers with 502. */
export function resultToApiResponse(result: unknown): ApiResponse | undefined {
  if (!hasStatusCode(result)) {
    const body = Buffer.from(typeof result === 'string' ? result : JSON.stringify(result))
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, cookies: [], body }
  }
  const parsed = responseSchema.safeParse(result)
  if (!parsed.success) return undefined
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data
  return {
    statusCode,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...lowerCased(headers ?? {}) },
    cookies: cookies ?? [],
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  }
}

function hasStatusCode(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'statusCode' in result
}

/** Without this a function's `Content-Type` would stand beside ours. */
function lowerCased(headers: Record<string, string | number | boolean>): Record<string, string> {
  const entries = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length')
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
