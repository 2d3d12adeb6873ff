/** Orders and payments on the three local clouds, with official clients: a settled status stays, nothing is captured twice. */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import type { TestClouds } from './running-clouds.ts'
import { decidedClouds } from './shared-clouds.ts'

let running: TestClouds
let aws: ApplicationClient
let gcp: ApplicationClient
let azure: ApplicationClient

beforeAll(async () => {
  running = await decidedClouds()
  const [first, second, third] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'].map(site =>
    running.clients.find(client => client.site === site),
  )
  if (!first || !second || !third) throw new Error('three sites')
  aws = first
  gcp = second
  azure = third
})

const read = (type: string, key: string) => Promise.all(running.clients.map(client => client.read(type, [key])))
const patience = { timeout: 60_000, interval: 100 }

async function settledAs(key: string, expected: string): Promise<void> {
  const shown = async () => (await read('orders', key)).map(order => [order?.status, order?.settledStatus])
  await expect.poll(shown, patience).toEqual([0, 1, 2].map(() => [expected, expected]))
}

test('an order moves on at every site; its settled status follows everywhere', async () => {
  await aws.put('orders', { order_id: 'o1', customer: 'ann', status: 'pending' })
  await settledAs('o1', 'pending')
  await gcp.set('orders', ['o1'], ['status'], 'approved')
  await settledAs('o1', 'approved')
  await azure.set('orders', ['o1'], ['status'], 'shipped')
  await settledAs('o1', 'shipped')
}, 120_000)

test('approved here, rejected there while nobody hears of the other: one stays, and is never settled otherwise', async () => {
  await aws.put('orders', { order_id: 'o2' })
  await settledAs('o2', 'pending')
  const settled = new Set<unknown>()
  let watching = true
  const watch = (async () => {
    while (watching) {
      for (const order of await read('orders', 'o2')) settled.add(order?.settledStatus)
      await sleep(50)
    }
  })()
  await running.apart(async () => {
    await aws.set('orders', ['o2'], ['status'], 'approved')
    await azure.set('orders', ['o2'], ['status'], 'rejected')
    await expect
      .poll(async () => (await read('orders', 'o2')).map(order => order?.status).sort(), patience)
      .toEqual(['approved', 'pending', 'rejected'])
  })
  const statuses = async () => new Set((await read('orders', 'o2')).map(order => order?.settledStatus))
  await expect
    .poll(async () => (await statuses()).size === 1 && !(await statuses()).has('pending'), patience)
    .toBe(true)
  const [winner] = await statuses()
  await settledAs('o2', String(winner))
  watching = false
  await watch
  expect(settled).toEqual(new Set(['pending', winner]))
}, 120_000)

const ruledEvents = z.record(z.string(), z.object({ status: z.string() }))

test('a payment that three sites capture at once is captured once', async () => {
  await azure.put('payments', { payment_id: 'p1', events: { auth: { to: 'authorized', status: 'requested' } } })
  const statuses = async () => (await read('payments', 'p1')).map(payment => payment?.status)
  await expect.poll(statuses, patience).toEqual(['authorized', 'authorized', 'authorized'])
  await Promise.all(
    running.clients.map(client =>
      client.set('payments', ['p1'], ['events', `by-${client.site}`], { to: 'captured', status: 'requested' }),
    ),
  )
  const verdicts = async () =>
    (await read('payments', 'p1')).map(payment => {
      return Object.entries(ruledEvents.parse(payment?.events ?? {}))
        .map(([id, { status }]) => `${id} ${status}`)
        .sort()
    })
  const counted = async () =>
    (await verdicts()).map(each => [each.length, each.filter(entry => entry.endsWith(' rejected')).length])
  await expect.poll(counted, patience).toEqual([0, 1, 2].map(() => [4, 2]))
  const [first, ...others] = await verdicts()
  for (const other of others) expect(other).toEqual(first)
  expect(await statuses()).toEqual(['captured', 'captured', 'captured'])
}, 120_000)
