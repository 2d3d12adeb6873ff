/** How a REST API reads what a function returned (proxy integration): a response of the right types, or 502. */
import { z } from 'zod'

export interface ApiResponse {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** The bytes that go out. */
  readonly body: Buffer
}

const headerValue = z.union([z.string(), z.number(), z.boolean()])
const responseSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), headerValue).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(headerValue)).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
})

/** Undefined for a malformed response, which the gateway answers with 502. */
export function resultToApiResponse(result: unknown): ApiResponse | undefined {
  const parsed = responseSchema.safeParse(result)
  if (!parsed.success) return undefined
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = parsed.data
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...lowerCased({ ...headers, ...multiValueHeaders }) },
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  }
}

type HeaderValue = z.output<typeof headerValue>

/** Without this a function's `Content-Type` would stand beside ours. */
function lowerCased(headers: Record<string, HeaderValue | HeaderValue[]>): Record<string, string | string[]> {
  const entries = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length')
  return Object.fromEntries(
    entries.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.map(String) : String(value)]),
  )
}
