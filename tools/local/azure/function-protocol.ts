/**
 * What the local Functions host (functions-host.ts) and the worker that runs a bundle (functions-runtime.ts) say to
 * each other. Both sides parse what they receive, so that a mismatch is an error here and not a riddle in a function.
 */
import { z } from 'zod'
import { typedDataSchema } from './typed-data.ts'

/** What a trigger hands to a function. */
const triggerEventSchema = z.object({
  data: typedDataSchema,
  /** What `context.triggerMetadata` shows, with its first letters lowered by the library. */
  triggerMetadata: z.record(z.string(), typedDataSchema).default({}),
  /** Present from the first retry on; absent at the first attempt, as in the cloud. */
  retryContext: z.object({ retryCount: z.number(), maxRetryCount: z.number() }).optional(),
})

export const hostMessageSchema = z.discriminatedUnion('kind', [
  /** Answered with the metadata of every registered function (`functionMetadataSchema`). */
  z.object({ kind: z.literal('functions') }),
  /** Answered with an `InvocationResult`. */
  z.object({ kind: z.literal('invoke'), functionName: z.string(), event: triggerEventSchema }),
  /** Runs the appTerminate hooks. */
  z.object({ kind: z.literal('terminate') }),
])

export const invocationResultSchema = z.discriminatedUnion('succeeded', [
  z.object({
    succeeded: z.literal(true),
    /** The value of the `$return` binding, or what the function returned without one. */
    returnValue: typedDataSchema.nullish(),
    /** What the function set for its further outputs, by binding name. */
    outputs: z.record(z.string(), typedDataSchema),
  }),
  z.object({
    succeeded: z.literal(false),
    error: z.object({ name: z.string(), message: z.string(), stack: z.string() }),
  }),
])

export type TriggerEvent = z.input<typeof triggerEventSchema>
export type HostMessage = z.input<typeof hostMessageSchema>
/** A function that failed is a value: whether it runs again is the trigger's decision. */
export type InvocationResult = z.infer<typeof invocationResultSchema>
