/** Starts what triggers the functions of one app, from what each function declares. */
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import type { Doorbell } from '../runtime/doorbell.ts'
import type { ChangedPlace } from '../servers/cosmos/cosmos-server.ts'
import type { Timing } from '../timing.ts'
import { openCosmosFeed } from './cosmos-client-feed.ts'
import { startCosmosTrigger } from './cosmos-trigger.ts'
import { cosmosTriggerSchema } from './cosmos-trigger-settings.ts'
import type { FunctionMetadata } from './function-metadata.ts'
import type { FunctionApp } from './functions-host.ts'
import { startHttpTrigger } from './http-trigger.ts'
import { startQueueTrigger } from './queue-trigger.ts'
import type { Trigger, TriggerOptions } from './trigger.ts'
import { feedPace, type TriggerPace, triggerPaces } from './trigger-pace.ts'

export interface AppTriggers {
  readonly triggers: readonly Trigger[]
  /** Where the app's HTTP functions answer; undefined if it has none. */
  readonly httpEndpoint: string | undefined
  stop(): Promise<void>
}

export interface StartTriggersOptions {
  readonly app: FunctionApp
  readonly faults: DeliveryFaults
  readonly onLog: (line: string) => void
  /** Default `fast`. */
  readonly timing?: Timing
  /** What differs from the timing's own pace. */
  readonly pace?: Partial<TriggerPace>
  /** Port of the HTTP functions; free unless given. */
  readonly httpPort?: number
  /** Where the sources run in this process: what rings when they have something. In `cloud` timing nobody listens. */
  readonly doorbells?: SourceDoorbells
}

export interface SourceDoorbells {
  /** For a range of a Cosmos container. */
  readonly changed?: (place: ChangedPlace) => Doorbell | undefined
  /** For messages in any queue. */
  readonly queues?: Doorbell
}

/**
 * When it resolves, every event from now on reaches its function. A trigger of a kind that nothing local supplies
 * (timer, blob, Event Grid) is named in the log: invoke such a function by its name.
 */
export async function startTriggers(options: StartTriggersOptions): Promise<AppTriggers> {
  const { app, faults, onLog, httpPort, timing = 'fast' } = options
  const pace = { ...triggerPaces[timing], ...options.pace }
  const doorbells = (timing === 'fast' && options.doorbells) || {}
  const functions = await app.functions()
  const triggers: Trigger[] = []
  const stop = async () => {
    await Promise.all(triggers.map(trigger => trigger.stop()))
  }
  try {
    for (const fn of functions.filter(({ trigger }) => trigger.type !== 'httpTrigger')) {
      const trigger = await startTrigger({ app, fn, faults, pace, onLog }, doorbells)
      if (trigger) triggers.push(trigger)
      else onLog(`function ${fn.name} has a ${fn.trigger.type}, which nothing triggers locally: invoke it by name`)
    }
    const httpEndpoint = await startHttp(functions, triggers, {
      app,
      faults,
      onLog,
      ...(httpPort && { port: httpPort }),
    })
    return { triggers, httpEndpoint, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startHttp(
  functions: readonly FunctionMetadata[],
  triggers: Trigger[],
  options: Omit<Parameters<typeof startHttpTrigger>[0], 'functions'>,
): Promise<string | undefined> {
  const httpFunctions = functions.filter(({ trigger }) => trigger.type === 'httpTrigger')
  if (httpFunctions.length === 0) return undefined
  const trigger = await startHttpTrigger({ ...options, functions: httpFunctions })
  triggers.push(trigger)
  return trigger.endpoint
}

async function startTrigger(
  options: TriggerOptions,
  { changed, queues }: SourceDoorbells,
): Promise<Trigger | undefined> {
  const { app, fn } = options
  switch (fn.trigger.type) {
    case 'queueTrigger':
      return startQueueTrigger({ ...options, ...(queues && { doorbell: queues }) })
    case 'cosmosDBTrigger': {
      const settings = cosmosTriggerSchema.parse(fn.trigger.settings)
      const { environment } = app
      const feed = await openCosmosFeed({ functionName: fn.name, settings, environment, ...(changed && { changed }) })
      return startCosmosTrigger({ ...options, pace: feedPace(options.pace, settings.feedPollDelay) }, feed)
    }
    default:
      return undefined
  }
}
