/**
 * What a function declared about itself with `app.cosmosDB(...)`, `app.storageQueue(...)` and so on, as the library
 * registers it. The triggers are started from this, so what runs locally is what the bundle declares.
 */
import { z } from 'zod'

const durationSchema = z.object({ seconds: z.number() }).transform(duration => duration.seconds * 1000)

/**
 * Delays reach the host in whole seconds, rounded by the library: a declared delay of 400 ms is none, one of 600 ms
 * is a second. The same holds in the cloud.
 */
const retryPolicySchema = z.discriminatedUnion('retryStrategy', [
  z
    .object({ retryStrategy: z.literal('fixedDelay'), maxRetryCount: z.number().int(), delayInterval: durationSchema })
    .transform(({ maxRetryCount, delayInterval }) => ({
      strategy: 'fixedDelay' as const,
      maxRetryCount,
      delayMs: delayInterval,
    })),
  z
    .object({
      retryStrategy: z.literal('exponentialBackoff'),
      maxRetryCount: z.number().int(),
      minimumInterval: durationSchema,
      maximumInterval: durationSchema,
    })
    .transform(({ maxRetryCount, minimumInterval, maximumInterval }) => ({
      strategy: 'exponentialBackoff' as const,
      maxRetryCount,
      minimumMs: minimumInterval,
      maximumMs: maximumInterval,
    })),
])

const bindingSchema = z.looseObject({ type: z.string(), direction: z.enum(['in', 'out']) })

const registeredFunctionSchema = z.object({
  name: z.string(),
  bindings: z.record(z.string(), bindingSchema),
  retryOptions: retryPolicySchema.optional(),
})

/** `maxRetryCount` -1 retries for ever. Delays in ms. */
export type RetryPolicy = z.infer<typeof retryPolicySchema>

export interface Binding {
  /** The library makes the names up: `$return`, or the type with a hash. */
  readonly name: string
  /** `cosmosDBTrigger`, `queueTrigger`, `httpTrigger`, `queue`, `http`, ... */
  readonly type: string
  /** All that was declared: `queueName`, `connection`, `route`, ... */
  readonly settings: Readonly<Record<string, unknown>>
}

export interface FunctionMetadata {
  readonly name: string
  readonly trigger: Binding
  readonly outputs: readonly Binding[]
  readonly retry: RetryPolicy | undefined
}

/** The output bindings that the local host writes (queue-output.ts) or answers (http-trigger.ts). */
const suppliedOutputs = ['queue', 'http']

/**
 * Reads what the library registered.
 * @throws if a function declares a binding that the local host does not supply: better at the start than silently.
 */
export function parseFunctionMetadata(registered: unknown, environment: Environment): FunctionMetadata {
  const { name, bindings, retryOptions } = registeredFunctionSchema.parse(registered)
  const all = Object.entries(bindings).map(([bindingName, { type, direction, ...settings }]) => ({
    name: bindingName,
    type,
    direction,
    settings: resolveSettings(name, settings, environment),
  }))
  const trigger = all.find(({ type }) => /trigger$/i.test(type))
  if (!trigger) throw new Error(`function ${name} has no trigger`)

  const inputs = all.filter(binding => binding.direction === 'in' && binding !== trigger)
  const outputs = all.filter(binding => binding.direction === 'out')
  const missing = [...inputs, ...outputs.filter(({ type }) => !suppliedOutputs.includes(type))]
  if (missing.length > 0) {
    const types = missing.map(binding => `${binding.direction} ${binding.type}`).join(', ')
    throw new Error(`function ${name} declares bindings that the local host does not supply: ${types}`)
  }
  return { name, trigger, outputs, retry: retryOptions }
}

export type Environment = Readonly<Record<string, string>>

/** Replaces `%NAME%` in declared strings by the app setting of that name, as the host does. */
function resolveSettings(
  functionName: string,
  settings: Record<string, unknown>,
  environment: Environment,
): Record<string, unknown> {
  const resolve = (text: string) =>
    text.replace(/%([^%]+)%/g, (_, setting: string) => {
      const value = environment[setting]
      if (value === undefined) throw new Error(`function ${functionName}: %${setting}% is not in its environment`)
      return value
    })
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, typeof value === 'string' ? resolve(value) : value]),
  )
}
