/**
 * The parts of host.json that change how functions are triggered, with the host's own defaults.
 * Source: learn.microsoft.com/azure/azure-functions/functions-host-json and .../functions-bindings-storage-queue.
 */
import { z } from 'zod'

/** `hh:mm:ss`, with an optional fraction: a .NET TimeSpan. In ms. */
const timeSpanSchema = z
  .string()
  .regex(/^\d{2}:\d{2}:\d{2}(\.\d+)?$/, 'a time span is written hh:mm:ss')
  .transform(text => {
    const [hours = 0, minutes = 0, seconds = 0] = text.split(':').map(Number)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000
  })

const queuesSchema = z
  .object({
    /** Messages taken at once and worked on side by side. */
    batchSize: z.number().int().min(1).max(32).default(16),
    /** More are fetched when no more than this many are in work; half of batchSize unless said. */
    newBatchThreshold: z.number().int().min(0).optional(),
    /** Wait between a failure and the next attempt. */
    visibilityTimeout: timeSpanSchema.default(0),
    maxDequeueCount: z.number().int().min(1).default(5),
    maxPollingInterval: timeSpanSchema.default(60_000),
    messageEncoding: z.enum(['base64', 'none']).default('base64'),
  })
  .transform(({ visibilityTimeout, maxPollingInterval, newBatchThreshold, ...queues }) => ({
    ...queues,
    newBatchThreshold: newBatchThreshold ?? Math.floor(queues.batchSize / 2),
    visibilityTimeoutMs: visibilityTimeout,
    maxPollingIntervalMs: maxPollingInterval,
  }))

const httpSchema = z.object({ routePrefix: z.string().default('api') })

const hostJsonSchema = z.object({
  extensions: z.object({ queues: queuesSchema.prefault({}), http: httpSchema.prefault({}) }).prefault({}),
})

export type HostSettings = z.infer<typeof hostJsonSchema>['extensions']

/** @throws ZodError if host.json holds a value that the host would refuse too. */
export function parseHostSettings(hostJson: unknown): HostSettings {
  return hostJsonSchema.parse(hostJson).extensions
}
