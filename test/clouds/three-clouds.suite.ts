/**
 * What an application sees, with official clients only, from the outside: three clouds, one state.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { recordAtSites } from '../../tools/cli/commands/get.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

let running: TestClouds

beforeAll(async () => {
  running = await sharedClouds()
}, 120_000)

const siteIds = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

function at(site: string): ApplicationClient {
  const client = running.clients.find(candidate => candidate.site === site)
  if (!client) throw new Error(`no client for ${site}`)
  return client
}

const cart = (customer: string, items: Item, more: Item = {}): Item => ({
  customer_id: customer,
  currency: 'EUR',
  ...more,
  items,
})

describe.each(siteIds)('written at %s, seen at both others', site => {
  test('a cart: inserted, updated in each of its parts, deleted', async () => {
    const name = `cart-${site}`
    await at(site).put('carts', cart(name, { tea: { quantity: 2, note: 'green' } }))
    await running.everywhere('carts', [name], cart(name, { tea: { quantity: 2, note: 'green' } }))

    await at(site).increment('carts', [name], ['items', 'tea', 'quantity'], 3)
    await at(site).set('carts', [name], ['items', 'mug'], { quantity: 1 })
    await at(site).set('carts', [name], ['currency'], 'USD')
    const changed = cart(name, { tea: { quantity: 5, note: 'green' }, mug: { quantity: 1 } }, { currency: 'USD' })
    await running.everywhere('carts', [name], changed)

    await at(site).unset('carts', [name], ['items', 'tea'])
    await running.everywhere('carts', [name], cart(name, { mug: { quantity: 1 } }, { currency: 'USD' }))

    await at(site).remove('carts', [name])
    await running.everywhere('carts', [name], undefined)
  })

  test('a product: inserted, replaced, changed in one field, deleted, and written again', async () => {
    const name = `product-${site}`
    const product: Item = {
      product_id: name,
      title: 'Teapot',
      price: 19.9,
      attributes: { colours: ['red', 'blue'], glazed: true, weight: null },
    }
    await at(site).put('products', product)
    await running.everywhere('products', [name], product)

    await at(site).put('products', { product_id: name, title: 'Tea pot', price: 21 })
    await running.everywhere('products', [name], { product_id: name, title: 'Tea pot', price: 21 })

    await at(site).set('products', [name], ['price'], 22.5)
    await running.everywhere('products', [name], { product_id: name, title: 'Tea pot', price: 22.5 })

    await at(site).remove('products', [name])
    await running.everywhere('products', [name], undefined)

    await at(site).put('products', { product_id: name, title: 'Back again' })
    await running.everywhere('products', [name], { product_id: name, title: 'Back again' })
  })
})

describe('concurrent writes converge with every intent kept', () => {
  test('2, +2 and +3 at three sites is 7', async () => {
    await at('aws-us-east-1').put('carts', cart('sum', { tea: { quantity: 2 } }))
    await running.everywhere('carts', ['sum'], cart('sum', { tea: { quantity: 2 } }))
    await running.apart(async () => {
      await at('gcp-us-central1').increment('carts', ['sum'], ['items', 'tea', 'quantity'], 2)
      await at('azure-eastus').increment('carts', ['sum'], ['items', 'tea', 'quantity'], 3)
    })
    await running.everywhere('carts', ['sum'], cart('sum', { tea: { quantity: 7 } }))
  })

  test('an item removed at one site while another adds 3 stays, whole, with the 3', async () => {
    await at('gcp-us-central1').put('carts', cart('revived', { tea: { quantity: 2, note: 'green' } }))
    await running.everywhere('carts', ['revived'], cart('revived', { tea: { quantity: 2, note: 'green' } }))
    await running.apart(async () => {
      await at('azure-eastus').unset('carts', ['revived'], ['items', 'tea'])
      await at('aws-us-east-1').increment('carts', ['revived'], ['items', 'tea', 'quantity'], 3)
    })
    await running.everywhere('carts', ['revived'], cart('revived', { tea: { quantity: 3, note: 'green' } }))
  })

  test('the same new item added with 1 and with 2 is 3', async () => {
    await at('azure-eastus').put('carts', cart('both', {}))
    await running.everywhere('carts', ['both'], cart('both', {}))
    await running.apart(async () => {
      await at('aws-us-east-1').set('carts', ['both'], ['items', 'mug'], { quantity: 1 })
      await at('gcp-us-central1').set('carts', ['both'], ['items', 'mug'], { quantity: 2 })
    })
    await running.everywhere('carts', ['both'], cart('both', { mug: { quantity: 3 } }))
  })

  test('the same product at three sites, 3 s apart: the latest wins, the losers are in the audit, whole', async () => {
    const written: Item[] = []
    await running.apart(async () => {
      for (const [index, site] of siteIds.entries()) {
        if (index > 0) await sleep(3000)
        const product: Item = {
          product_id: 'teapot',
          title: `from ${site}`,
          price: 10 + index,
          stock: { [site]: index },
        }
        await at(site).put('products', product)
        written.push(product)
      }
    })
    await running.everywhere('products', ['teapot'], written[2])
    await running.atRest()

    const records = await recordAtSites(running.clouds, 'products', ['teapot'])
    for (const { vector } of Object.values(records)) expect(Object.keys(vector).sort()).toEqual([...siteIds].sort())
    expect(
      new Set(Object.values(records).map(({ vector }) => JSON.stringify(Object.entries(vector).sort()))).size,
    ).toBe(1)

    const losers = written.slice(0, 2).map(({ product_id: _key, ...value }) => value)
    const atAzure = await untilAudited('products', 'teapot', 'azure-eastus', 2)
    const lost = atAzure
      .flatMap(({ arbitrations }) => arbitrations.flatMap(({ lost }) => lost ?? []))
      .map(({ value }) => value)
    for (const loser of losers) expect(lost).toContainEqual(loser)
    for (const { arbitrations } of atAzure) {
      for (const { rule, kept } of arbitrations) {
        expect(rule).toBe('latest-write-wins')
        expect(kept?.site).toBe('azure-eastus')
      }
    }
  }, 60_000)
})

test.each(siteIds)(
  'at %s a document that its type cannot carry is put aside by name, and its neighbours pass',
  async site => {
    const bad = `bad-${site}`
    await at(site).put('carts', { customer_id: bad, currency: 'EUR', items: 'none' })
    await at(site).put('carts', cart(`good-${site}`, { tea: { quantity: 1 } }))
    await running.everywhere('carts', [`good-${site}`], cart(`good-${site}`, { tea: { quantity: 1 } }))

    const lettersHere = () => running.clouds.ask(site, { ask: 'dead-letters' })
    await expect.poll(lettersHere, { timeout: 10_000 }).toMatchObject([
      {
        kind: 'document',
        site,
        ref: { type: 'carts', key: [bad] },
        field: 'items',
        reason: expect.stringContaining('an object'),
      },
    ])
    const [letter] = z.array(z.object({ id: z.string() })).parse(await lettersHere())
    const id = letter?.id ?? 'none'
    const replay = () => running.clouds.ask(site, { ask: 'replay', id })
    expect(await replay()).toEqual({ result: 'refused again' })
    expect(await lettersHere()).toHaveLength(1)

    await at(site).put('carts', cart(bad, { mug: { quantity: 2 } }))
    await running.everywhere('carts', [bad], cart(bad, { mug: { quantity: 2 } }))
    expect(await replay()).toEqual({ result: 'unchanged' })
    expect(await lettersHere()).toEqual([])
  },
)

/** Entries follow the documents: they ride in the sync record and are copied by its stream. */
async function untilAudited(type: string, key: string, site: string, count: number) {
  const deadline = Date.now() + 20_000
  for (;;) {
    const entries = await readResolutions(running.clouds, { type, key: [key], sites: [site] })
    if (entries.length >= count || Date.now() > deadline) {
      expect(entries).toHaveLength(count)
      return entries
    }
    await sleep(100)
  }
}

test('after all of that no write is under way and nothing became a dead letter', async () => {
  await running.atRest()
  const { routes, deadLetters } = await readStatus(running.clouds)
  expect(routes).toHaveLength(running.clouds.plan.types.length * 6)
  expect(deadLetters).toEqual({ 'aws-us-east-1': 0, 'gcp-us-central1': 0, 'azure-eastus': 0 })
})
