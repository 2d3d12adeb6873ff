/**
 * The same processes under attack: functions killed in the middle of anything, every event delivered twice, a site cut
 * off while all three write. Afterwards everything is equal and every counter is what was added to it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { readStatus } from '../../tools/cli/commands/status.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const kills = long ? 20 : 5
const cutMs = long ? 60_000 : 10_000
/** Writes and kills begin before the cut and go on after it. */
const attackMs = cutMs * 1.4

let running: TestClouds

beforeAll(async () => {
  running = await sharedClouds()
}, 120_000)

test(
  `${kills} kills, every event twice, a site cut for ${cutMs / 1000} s: all equal, every counter the sum`,
  async () => {
    const { clouds, clients } = running
    const siteIds = clients.map(({ site }) => site)
    const customers = ['k0', 'k1', 'k2', 'k3']
    for (const [index, customer] of customers.entries()) {
      const cart: Item = { customer_id: customer, currency: 'EUR', items: { jam: { quantity: 0 } } }
      await clients[index % clients.length]?.put('carts', cart)
      await running.everywhere('carts', [customer], cart)
    }
    const faults = { duplicate: 1, reorder: 0.2 }
    for (const site of siteIds) await clouds.ask(site, { ask: 'faults', faults })

    const added = new Map(customers.map(customer => [customer, 0]))
    const end = Date.now() + attackMs
    const writing = clients.map(async (client, index) => {
      for (let n = 0; Date.now() < end; n++) {
        const customer = customers[(n + index) % customers.length] ?? ''
        await client.increment('carts', [customer], ['items', 'jam', 'quantity'], 1)
        added.set(customer, (added.get(customer) ?? 0) + 1)
        if (n % 5 === index) {
          await client.set('carts', [customer], ['note'], `${client.site} ${n}`)
        }
        await sleep(150)
      }
    })
    const cutting = (async () => {
      await sleep((attackMs - cutMs) / 2)
      await clouds.cut([siteIds[2] ?? ''])
      await sleep(cutMs)
      await clouds.cut([])
    })()
    const killed = killSome(end)
    await Promise.all([...writing, cutting])
    expect(await killed).toBe(kills)
    for (const site of siteIds) await clouds.ask(site, { ask: 'faults', faults: { duplicate: 0, reorder: 0 } })

    for (const customer of customers) await settled(customer, added.get(customer) ?? 0)
    // The documents are equal before the last vectors are.
    await running.atRest()
    const { deadLetters } = await readStatus(clouds)
    expect(Object.values(deadLetters)).toEqual([0, 0, 0])
  },
  60_000 + 3 * attackMs,
)

/** A random function of a random site, again and again, spread over the time until `end`. */
async function killSome(end: number): Promise<number> {
  const names = ['capture', 'publish', 'forward-', 'ingest']
  const pauseMs = (end - Date.now()) / (kills + 1)
  for (let n = 0; n < kills; n++) {
    await sleep(pauseMs)
    const client = running.clients[n % running.clients.length]
    const kind = names[Math.floor(Math.random() * names.length)] ?? 'capture'
    const site = client?.site ?? ''
    await running.clouds.ask(site, { ask: 'kill', function: functionAt(site, kind) })
  }
  return kills
}

function functionAt(site: string, kind: string): string {
  if (kind === 'forward-') return `forward-${running.clients.find(client => client.site !== site)?.site}`
  // On Azure a function is registered per data type; killing one ends the app that holds them all.
  return site.startsWith('azure') && kind !== 'ingest' ? `${kind}-carts` : kind
}

/** All sites show the same cart, and its jam is exactly what was added. */
async function settled(customer: string, quantity: number): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const shown = await Promise.all(running.clients.map(client => client.read('carts', [customer])))
    const texts = new Set(shown.map(document => JSON.stringify(sorted(document))))
    const items = shown.map(document => document?.items)
    if (texts.size === 1 && JSON.stringify(items[0]) === JSON.stringify({ jam: { quantity } })) return
    if (Date.now() > deadline) {
      expect(items, `${customer}: ${await standingOf(customer)}`).toEqual(shown.map(() => ({ jam: { quantity } })))
      expect([...texts], customer).toHaveLength(1)
    }
    await sleep(100)
  }
}

/** What every site has seen of it, and how its triggers are doing. */
async function standingOf(customer: string): Promise<string> {
  const records = await Promise.all(
    running.clients.map(({ site }) => running.clouds.ask(site, { ask: 'record', type: 'carts', key: [customer] })),
  )
  const { routes, errors, deadLetters } = await readStatus(running.clouds)
  return JSON.stringify({ records, routes: routes.filter(({ backlog }) => backlog > 0), errors, deadLetters }, null, 1)
}

function sorted(document: Item | undefined) {
  return document && Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1)))
}
