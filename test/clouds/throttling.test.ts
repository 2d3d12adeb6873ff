/**
 * A store that throttles, a peer that answers 429 or 500: changes wait, however long it takes. None is put aside for
 * that reason, and all arrive.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readStatus } from '../../tools/cli/commands/status.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'
import { cartsAndProducts, startTestClouds, type TestClouds } from './running-clouds.ts'
import { startThrottledStores, type ThrottledStores } from './throttled-stores.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const throttledMs = long ? 60_000 : 3_000
const refusingMs = long ? 600_000 : 3_000
const clouds = ['aws', 'gcp', 'azure'] as const

let stores: ThrottledStores
let running: TestClouds

beforeAll(async () => {
  stores = await startThrottledStores()
  running = await startTestClouds(stores.variables, cartsAndProducts)
}, 120_000)

afterAll(async () => {
  await running?.stop()
  await stores?.stop()
})

afterEach(async () => {
  for (const cloud of clouds) stores.throttle(cloud, false)
  for (const { site } of running.clients) await running.clouds.ask(site, { ask: 'refuse', status: null })
})

function clientOf(cloud: string) {
  const client = running.clients.find(({ site }) => site.startsWith(cloud))
  if (!client) throw new Error(`no site of ${cloud}`)
  return client
}

/** Everything arrives within `withinMs`, and nothing was put aside on the way. */
async function allArrive(carts: ReadonlyMap<string, Item>, withinMs: number): Promise<void> {
  for (const [customer, cart] of carts) await running.everywhere('carts', [customer], cart, withinMs)
  await running.atRest()
  expect(Object.values((await readStatus(running.clouds)).deadLetters)).toEqual([0, 0, 0])
  expect(await poisonQueues()).toEqual([])
}

async function waitingRoutes(): Promise<readonly unknown[]> {
  return (await readStatus(running.clouds)).routes.filter(({ backlog }) => backlog > 0)
}

async function poisonQueues(): Promise<readonly string[]> {
  const endpoints = JSON.parse(await readFile(join(running.folder, 'endpoints.json'), 'utf8'))
  const account = QueueServiceClient.fromConnectionString(endpoints['azure-eastus'].credentials.storage)
  const queues = await Array.fromAsync(account.listQueues(), ({ name }) => name)
  return queues.filter(name => name.endsWith('-poison'))
}

let customers = 0

/** A new cart, or a new version of one that is there already. */
async function write(cloud: string, carts: Map<string, Item>, customer = `c${++customers}`): Promise<void> {
  const cart = { customer_id: customer, currency: 'EUR', note: `${cloud} ${Date.now()}` }
  await clientOf(cloud).put('carts', cart)
  carts.set(customer, cart)
}

describe(`a store that throttles for ${throttledMs / 1000} s`, () => {
  test.each(clouds)(
    '%s: what was written there before and elsewhere meanwhile arrives',
    async throttled => {
      const carts = new Map<string, Item>()
      const before = stores.refused(throttled)
      // These are not captured yet when the store begins to refuse.
      for (let n = 0; n < 10; n++) await write(throttled, carts)
      stores.throttle(throttled, true)
      const end = Date.now() + throttledMs
      while (Date.now() < end) {
        for (const cloud of clouds.filter(other => other !== throttled)) await write(cloud, carts)
        await sleep(throttledMs / 20)
      }
      stores.throttle(throttled, false)
      expect(stores.refused(throttled) - before).toBeGreaterThan(0)
      await allArrive(carts, 60_000)
    },
    throttledMs + 120_000,
  )
})

describe(`peers that refuse for ${refusingMs / 1000} s`, () => {
  test.each([429, 500])(
    'with %i: every change waits and arrives',
    async status => {
      const carts = new Map<string, Item>()
      for (const { site } of running.clients) await running.clouds.ask(site, { ask: 'refuse', status })
      const end = Date.now() + refusingMs
      while (Date.now() < end) {
        for (const cloud of clouds) await write(cloud, carts)
        await sleep(refusingMs / 20)
      }
      // It is asked again where a store is slow to tell: what waits goes on waiting.
      await expect
        .poll(waitingRoutes, { timeout: 30_000, interval: 200 })
        .toHaveLength(clouds.length * (clouds.length - 1))
      for (const { site } of running.clients) await running.clouds.ask(site, { ask: 'refuse', status: null })
      await allArrive(carts, 60_000)
    },
    refusingMs + 120_000,
  )
})
