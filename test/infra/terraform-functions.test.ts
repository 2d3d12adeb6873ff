/** Each Google Cloud and Azure function alone: its package as it deploys, with the environment that the template gives it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, test } from 'vitest'
import { changesName } from '../../shared/declare/resource-names.ts'
import { peersOf } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'
import { createFunctionApp } from '../../tools/local/azure/functions-host.ts'
import { type CloudFunction, createCloudFunction, type FunctionRequest } from '../../tools/local/gcp/cloud-function.ts'
import { type Arguments, type Known, readSite, resourceOf, resourcesOf, type Template, textOf } from './terraform.ts'

/** A folder for each site, as `npm run synth` wrote it. */
const folder = inject('sites')

const templates = new Map<string, Template>()

function templateOf(site: string): Template {
  const template = templates.get(site) ?? readSite(join(folder, site))
  templates.set(site, template)
  return template
}

const known: Known = { variables: { project: 'shop', prefix: 'shop' } }

/** Where nobody listens: without it the clients would look for credentials. */
const nowhere = { FIRESTORE_EMULATOR_HOST: '127.0.0.1:9', PUBSUB_EMULATOR_HOST: '127.0.0.1:9' }

describe('gcp-us-central1', () => {
  const site = 'gcp-us-central1'
  const names = ['capture', 'publish', ...peersOf(plan, site).map(({ id }) => `forward-${id}`), 'ingest', 'prune']

  function environmentOf(name: string): Record<string, string> {
    const template = templateOf(site)
    const { service_config } = resourceOf(template, 'google_cloudfunctions2_function', name.replaceAll('-', '_'))
    const variables = Object.entries<string>(service_config.environment_variables)
    return Object.fromEntries(variables.map(([key, value]) => [key, textOf(template, value, known)]))
  }

  /** Starts it, calls it once and ends it. Its stores are out of reach: what it says of them shows how far it came. */
  async function call(name: string, request: FunctionRequest) {
    const lines: string[] = []
    const target = name.startsWith('forward') ? 'forward' : name
    const fn: CloudFunction = createCloudFunction({
      ...{ name, target, bundle: join(folder, site, 'functions', target, 'index.cjs') },
      environment: { ...environmentOf(name), ...nowhere },
      onLog: line => lines.push(line),
      requestTimeoutMs: 30_000,
    })
    try {
      const { status } = await fn.request(request)
      return { status, log: lines.join('\n') }
    } finally {
      await fn.stop()
    }
  }

  /** As Eventarc hands over a document that was written. */
  const written = (path: string) => {
    const name = `projects/shop/databases/(default)/documents/${path}`
    const text = Buffer.from(name)
    // A DocumentEventData whose old value is a document with this name: two fields of protobuf, each with its length.
    const document = Buffer.concat([Buffer.from([0x0a, text.length]), text])
    const body = Buffer.concat([Buffer.from([0x12, document.length]), document])
    const headers = {
      'ce-id': '1',
      'ce-specversion': '1.0',
      'ce-source': '//firestore.googleapis.com/projects/shop/databases/(default)',
      'ce-type': 'google.cloud.firestore.document.v1.written',
      'content-type': 'application/protobuf',
    }
    return { method: 'POST', path: '/', headers, body }
  }

  test('capture starts, and reads an event of Eventarc’s', async () => {
    const { log } = await call('capture', written('strangers/one'))
    // It got as far as the plan: this collection is in no trigger.
    expect(log).toContain("holds no data type in the collection of 'strangers/one'")
    expect(log).not.toContain('environment variable')
  })

  test('publish starts, and has nothing to tell of a record that was taken away', async () => {
    const { status, log } = await call('publish', written('tributary-sync/one'))
    expect(status, log).toBe(204)
  })

  test('forward starts, and reads a message as the subscription pushes it', async () => {
    const [peer] = peersOf(plan, site).map(({ id }) => id)
    const body = {
      message: {
        data: Buffer.from('no change').toString('base64'),
        messageId: '1',
        publishTime: '2026-01-01T00:00:00Z',
      },
      subscription: `projects/shop/subscriptions/tributary-forward-${peer}`,
    }
    const { status, log } = await call(`forward-${peer}`, {
      method: 'POST',
      path: `/projects/shop/topics/${changesName}`,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    })
    // It asked the store whether anything is held back, which nobody answers: the message comes again.
    expect(status).toBe(500)
    expect(log).toContain(`"function":"forward-${peer}"`)
    expect(log).not.toMatch(/environment variable|invalid/i)
  }, 40_000)

  test('ingest starts, and lets nobody in who brings no token', async () => {
    const { status, log } = await call('ingest', { method: 'POST', path: '/ingest', headers: {} })
    expect(status, log).toBe(401)
  })

  test('prune starts, and gets as far as its store', async () => {
    const { status, log } = await call('prune', { method: 'POST', path: '/', headers: {} })
    expect(status).toBe(500)
    expect(log).toContain('"function":"prune"')
    expect(log).not.toContain('environment variable')
  }, 40_000)

  test('there is a function for each of them', () => {
    const functions = [...resourcesOf(templateOf(site), 'google_cloudfunctions2_function').keys()]
    expect(functions).toEqual(names.map(name => name.replaceAll('-', '_')))
  })

  test('a package installs as its lock says', () => {
    const lock = JSON.parse(readFileSync(join(folder, site, 'functions/capture/package-lock.json'), 'utf8'))
    expect(lock.lockfileVersion).toBe(3)
    // npm itself finds the lock and the package to be of one mind, without a registry.
    const listed = execFileSync('npm', ['ls', '--package-lock-only', '--all', '--json'], {
      cwd: join(folder, site, 'functions/capture'),
      env: { PATH: process.env.PATH, HOME: tmpdir() },
    })
    expect(JSON.parse(listed.toString()).problems).toBeUndefined()
  })
})

describe('azure-eastus', () => {
  const site = 'azure-eastus'
  const peers = peersOf(plan, site).map(({ id }) => id)
  const names = ['capture', 'publish', ...peers.map(id => `forward-${id}`), 'ingest', 'prune']

  function environmentOf(name: string): Record<string, string> {
    const template = templateOf(site)
    const { body } = resourceOf(template, 'azapi_resource', name.replaceAll('-', '_'))
    const attributes = {
      'azurerm_cosmosdb_account.tributary.endpoint': 'https://shop-tributary.documents.azure.com:443/',
      'azurerm_storage_account.bus.primary_queue_endpoint': 'https://shoptributarybus.queue.core.windows.net/',
    }
    const settings: readonly Arguments[] = body.properties.siteConfig.appSettings
    return {
      ...Object.fromEntries(
        settings.map(({ name, value }) => [name, textOf(template, value, { ...known, attributes })]),
      ),
      // What the platform sets for an app with an identity; nobody is there, so nothing is asked for further.
      IDENTITY_ENDPOINT: 'http://127.0.0.1:9/msi/token',
      IDENTITY_HEADER: 'header',
    }
  }

  async function withApp<Result>(name: string, use: (app: ReturnType<typeof createFunctionApp>) => Promise<Result>) {
    const bundle = name.startsWith('forward') ? 'forward' : name
    const deployed = join(folder, site, 'functions', bundle)
    const app = createFunctionApp({
      ...{ name, bundle: join(deployed, 'index.cjs'), environment: environmentOf(name) },
      hostJson: JSON.parse(readFileSync(join(deployed, 'host.json'), 'utf8')),
      onLog: () => {},
    })
    try {
      return await use(app)
    } finally {
      await app.stop()
    }
  }

  test.each(names)('%s starts, and finds in the template what its triggers ask for', async name => {
    const template = templateOf(site)
    const environment = environmentOf(name)
    const functions = await withApp(name, app => app.functions())
    expect(functions.length).toBeGreaterThan(0)
    const { body } = resourceOf(template, 'azapi_resource', name.replaceAll('-', '_'))
    const groups = functions.map(fn => (fn.trigger.type === 'httpTrigger' ? 'http' : `function:${fn.name}`))
    for (const { name: ready } of body.properties.functionAppConfig.scaleAndConcurrency.alwaysReady) {
      expect(groups).toContain(ready)
    }
    for (const { trigger } of functions) {
      const { containerName, leaseContainerName, createLeaseContainerIfNotExists, queueName, connection } = Object(
        trigger.settings,
      )
      // By an identity the host makes no container, and a function that asks for one does not start.
      expect(createLeaseContainerIfNotExists ?? false).toBe(false)
      const containers = [...resourcesOf(template, 'azurerm_cosmosdb_sql_container').values()].map(({ name }) => name)
      for (const container of [containerName, leaseContainerName]) {
        if (container !== undefined) expect(containers).toContain(container)
      }
      const queues = [...resourcesOf(template, 'azurerm_storage_queue').values()].map(({ name }) => name)
      if (queueName !== undefined) expect(queues).toContain(queueName)
      // The host makes its own client of the same settings.
      if (connection !== undefined) {
        const wanted = trigger.type === 'cosmosDBTrigger' ? 'accountEndpoint' : 'queueServiceUri'
        for (const part of [wanted, 'credential', 'clientId']) {
          expect(environment[`${connection}__${part}`], `${connection}__${part}`).toBeTruthy()
        }
      }
    }
  })

  test('the empty feed of a container is captured and published', async () => {
    for (const name of ['capture', 'publish']) {
      const result = await withApp(name, app => app.invoke(`${name}-carts`, { data: { json: '[]' } }))
      expect(result).toEqual(expect.objectContaining({ succeeded: true }))
    }
  })

  test('ingest lets nobody in who brings no token', async () => {
    const request = { method: 'POST', url: 'https://shop.test/api/ingest', headers: {}, query: {}, params: {} }
    const result = await withApp('ingest', app => app.invoke('ingest', { data: { http: request } }))
    expect(JSON.stringify(result)).toContain('401')
  })

  test.each(['prune', ...peers.map(id => `forward-${id}`)])(
    '%s gets as far as its store',
    async name => {
      const data = name === 'prune' ? { json: '{}' } : { string: 'no change' }
      const result = await withApp(name, app => app.invoke(name, { data }))
      expect(result.succeeded).toBe(false)
      // The identity is asked for a token at an address where nobody is.
      expect(JSON.stringify(result)).not.toContain('environment variable')
    },
    60_000,
  )
})
