/**
 * One value as the Functions host and its language worker hand it over: exactly one property says which kind it is.
 * The names are those of the host's gRPC contract (azure-functions-language-worker-protobuf, `TypedData`), because
 * `@azure/functions` reads and writes exactly these.
 */
import { z } from 'zod'

/** An HTTP request or response. Requests use the nullable maps, as the worker's capabilities ask the host to. */
const httpDataSchema = z.object({
  method: z.string().optional(),
  url: z.string().optional(),
  nullableHeaders: z.record(z.string(), z.object({ value: z.string() })).optional(),
  nullableQuery: z.record(z.string(), z.object({ value: z.string() })).optional(),
  nullableParams: z.record(z.string(), z.object({ value: z.string() })).optional(),
  statusCode: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  cookies: z.array(z.unknown()).max(0, 'the local host sends no cookies: use a set-cookie header').optional(),
  body: z.object({ bytes: z.instanceof(Uint8Array) }).optional(),
})

export const typedDataSchema = z.union([
  z.object({ string: z.string() }),
  z.object({ json: z.string() }),
  z.object({ bytes: z.instanceof(Uint8Array) }),
  z.object({ int: z.number() }),
  z.object({ double: z.number() }),
  z.object({ http: httpDataSchema }),
])

export type HttpData = z.infer<typeof httpDataSchema>
export type TypedData = z.infer<typeof typedDataSchema>
