/** One Azure site on this machine: Cosmos DB, Storage, the function apps and what triggers them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createCosmosClient } from '../../../functions/azure/cosmos-client.ts'
import { createQueueService } from '../../../functions/azure/queue-client.ts'
import { once } from '../../../functions/common/once.ts'
import { cosmosSyncMark } from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan, siteOf, typesAt } from '../../../shared/declare/sync-plan.ts'
import { azureStores } from '../../stores/azure-stores.ts'
import { FunctionErrors } from '../function-errors.ts'
import type { LocalFunction, LocalSite, LocalSiteOptions } from '../local-site.ts'
import { reportEvent } from '../record-events.ts'
import { noFaults } from '../runtime/delivery-faults.ts'
import { Doorbell } from '../runtime/doorbell.ts'
import { replaceInAnyOrder } from '../runtime/replaceable.ts'
import type { ChangedPlace, Concerns } from '../servers/cosmos/cosmos-server.ts'
import { cosmosAccount, storageEndpoints } from './account-addresses.ts'
import type { InvocationResult, TriggerEvent } from './function-protocol.ts'
import { createFunctionApp, type FunctionApp } from './functions-host.ts'
import { provisionAzureSite } from './provision.ts'
import { startAzureServers } from './servers.ts'
import { type AppTriggers, startTriggers } from './start-triggers.ts'
import type { HttpData } from './typed-data.ts'

/** First wait before a change that a peer could not take is tried again; in the cloud seconds. */
const retryDelayMs = '100'

export async function startAzureSite(options: LocalSiteOptions): Promise<LocalSite> {
  const { site, timing, onProgress, onLog } = options
  const { region } = siteOf(options.plan, site)
  onProgress('starting Cosmos DB and Storage')
  const servers = await startAzureServers({ environment: process.env, onProgress, onLog })
  const { cosmosConnection, storageConnection, changed } = servers
  const variables = { TRIBUTARY_COSMOS: cosmosConnection, TRIBUTARY_STORAGE: storageConnection }
  const provision = (plan: SyncPlan) => provisionAzureSite({ plan, site, cosmosConnection, storageConnection })
  await provision(options.plan)

  onProgress('starting the functions')
  const faults = noFaults()
  const errors = new FunctionErrors()
  const hostJson: unknown = JSON.parse(
    await readFile(new URL('../../../functions/azure/host.json', import.meta.url), 'utf8'),
  )
  const environment = { ...options.environment, ...variables, TRIBUTARY_RETRY_DELAY_MS: retryDelayMs }
  const published = new Doorbell()
  // What ingest writes, document and sync item in one transaction, no other site waits for: the next poll finds it.
  const doorbellsOf = (name: string) => ({
    ...(changed && { changed: (place: ChangedPlace) => changed(place, name === 'publish' ? isCaptured : isWritten) }),
    queues: published,
  })
  const deploy = async (name: string, bundle: string, extra: Readonly<Record<string, string>> = {}) => {
    const create = (bundles: string) => {
      const app = recorded(
        createFunctionApp({
          name,
          bundle: join(bundles, bundle, 'index.cjs'),
          environment: { ...environment, ...extra },
          hostJson,
          onLog: line => {
            onLog(`${name} ${line}`)
            errors.note(name, line)
          },
        }),
      )
      return name === 'publish' ? ringing(app, published) : app
    }
    const trigger = (app: FunctionApp, httpPort?: number) =>
      startTriggers({ app, faults, onLog, timing, doorbells: doorbellsOf(name), ...(httpPort && { httpPort }) })
    return deployApp({ create, trigger }, options.bundles)
  }
  const apps = await Promise.all([
    deploy('capture', 'capture'),
    deploy('publish', 'publish'),
    ...peersOf(options.plan, site).map(({ id }) => deploy(`forward-${id}`, 'forward', { TRIBUTARY_PEER: id })),
    deploy('ingest', 'ingest'),
  ])
  const ingestUrl = `${httpEndpointOf(apps)}/api/ingest`

  const client = createCosmosClient(cosmosConnection)
  const queues = createQueueService(storageConnection)
  const cosmos = cosmosAccount(cosmosConnection)
  const endFunctions = once(async () => {
    await Promise.all(apps.map(app => app.stop()))
  })
  /** What differs from one declaration to the other. */
  const running = async (plan: SyncPlan): Promise<LocalSite> => {
    const stores = azureStores({ plan, site, cosmos: client, queues })
    return {
      endpoints: {
        cloud: 'azure',
        region,
        endpoints: { cosmos: cosmos.endpoint, ...storageEndpoints(storageConnection), ingest: ingestUrl },
        credentials: { cosmosKey: cosmos.key, storage: storageConnection },
        data: dataLocations(plan, site),
      },
      variables,
      ingestUrl,
      functions: (await Promise.all(apps.map(({ present }) => asLocalFunctions(present.app)))).flat(),
      faults,
      ...stores,
      triggers: () =>
        apps.map(({ present: { app } }) => ({
          function: app.name,
          failures: errors.count(app.name),
          lastError: errors.last(app.name),
        })),
      async redeploy({ plan: next, bundles }) {
        await provision(next)
        await replaceInAnyOrder(apps.map(app => () => app.replace(bundles)))
        return running(next)
      },
      endFunctions,
      async stop() {
        await endFunctions()
        client.dispose()
        await servers.stop()
      },
    }
  }
  return running(options.plan)
}

/** A function app in the cloud: its name and its address stay when its code is replaced. */
interface DeployedApp {
  readonly present: { readonly app: FunctionApp; readonly triggers: AppTriggers }
  /** As the host does: nothing new begins, what is under way ends, the host starts with the new code. */
  replace(bundles: string): Promise<void>
  stop(): Promise<void>
}

interface AppParts {
  create(bundles: string): FunctionApp
  trigger(app: FunctionApp, httpPort?: number): Promise<AppTriggers>
}

async function deployApp({ create, trigger }: AppParts, bundles: string): Promise<DeployedApp> {
  const start = async (from: string) => {
    const app = create(from)
    await app.warm()
    return app
  }
  const first = await start(bundles)
  let present = { app: first, triggers: await trigger(first) }
  const stop = async () => {
    await present.triggers.stop()
    await present.app.stop()
  }
  return {
    get present() {
      return present
    },
    stop,
    async replace(from) {
      const { httpEndpoint } = present.triggers
      // What does not load leaves everything as it was.
      const app = await start(from)
      await stop()
      const port = httpEndpoint === undefined ? undefined : Number(new URL(httpEndpoint).port)
      present = { app, triggers: await trigger(app, port) }
    },
  }
}

function httpEndpointOf(apps: readonly DeployedApp[]): string {
  const endpoints = apps.map(({ present }) => present.triggers.httpEndpoint)
  const endpoint = endpoints.find(found => found !== undefined)
  if (endpoint === undefined) throw new Error('no function of this site answers HTTP')
  return endpoint
}

function dataLocations(plan: SyncPlan, site: string) {
  return Object.fromEntries(
    typesAt(plan, site).map(({ name, key, keyTypes, at: { azure } }) => {
      const { database, container, partition, id } = azure
      return [name, { database, container, partitionKey: `/${partition.attribute}`, partition, id, key, keyTypes }]
    }),
  )
}

function recorded(app: FunctionApp): FunctionApp {
  return {
    ...app,
    invoke: (name, event) => {
      reportEvent(name, 'http' in event.data ? requestOf(event.data.http) : event)
      return app.invoke(name, event)
    },
  }
}

/** A transaction of an application. */
const isWritten: Concerns = documents => !documents.some(document => Object.hasOwn(document, cosmosSyncMark))

/** A transaction of capture, or of ingest where the document stayed as it was. */
const isCaptured: Concerns = documents => documents.every(document => Object.hasOwn(document, cosmosSyncMark))

/** Publish alone fills the queues, so its end tells that there may be something in them. */
function ringing(app: FunctionApp, doorbell: Doorbell): FunctionApp {
  return {
    ...app,
    invoke: async (name, event) => {
      try {
        return await app.invoke(name, event)
      } finally {
        doorbell.ring()
      }
    },
  }
}

/** An HTTP request as an event file holds it; every other event is what the host hands over. */
const httpRequest = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  isBase64Encoded: z.boolean().default(false),
})

function requestOf({ method, url, nullableHeaders = {}, body }: HttpData): z.input<typeof httpRequest> {
  return {
    method: method ?? 'GET',
    url: url ?? '',
    headers: Object.fromEntries(Object.entries(nullableHeaders).map(([name, { value }]) => [name, value])),
    body: Buffer.from(body?.bytes ?? []).toString('base64'),
    isBase64Encoded: true,
  }
}

function httpEvent(request: z.output<typeof httpRequest>): TriggerEvent {
  const { method, url, headers, body, isBase64Encoded } = request
  const nullableHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]))
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  return { data: { http: { method, url, nullableHeaders, body: { bytes } } } }
}

/** An app registers one function per data type: each can be invoked; a kill ends them together. */
async function asLocalFunctions(app: FunctionApp): Promise<readonly LocalFunction[]> {
  const functions = await app.functions()
  return functions.map(({ name, trigger }) => ({
    name,
    invoke: async (event: unknown) => {
      if (trigger.type !== 'httpTrigger') return app.invoke(name, event as TriggerEvent)
      return readable(await app.invoke(name, httpEvent(httpRequest.parse(event))))
    },
    kill: () => app.kill(),
  }))
}

/** An HTTP answer with its body as text. */
function readable(result: InvocationResult): unknown {
  if (!result.succeeded || !result.returnValue || !('http' in result.returnValue)) return result
  const { statusCode, headers, body } = result.returnValue.http
  return { status: Number(statusCode), headers, body: Buffer.from(body?.bytes ?? []).toString() }
}
