/** Deletions on the three local clouds, with official clients: what comes back, what does not, and that nothing is left. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

let running: TestClouds

beforeAll(async () => {
  running = await sharedClouds()
})

const cart = (customer: string, quantity: number) => ({
  customer_id: customer,
  currency: 'EUR',
  items: { tea: { quantity } },
})

/** Long enough for a record to be older than that; the clocks of the sites are one. */
const age = '2s'
const olderMs = 2300

async function prune(...parameters: readonly string[]) {
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const options = ['prune', '--older-than', age, '--json', ...parameters]
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...options], {
    cwd: projectRoot,
    env: { ...process.env, TRIBUTARY_LOCAL: running.folder },
  })
  return JSON.parse(stdout)
}

async function remembered(customer: string): Promise<readonly boolean[]> {
  const { plan } = running.clouds
  return Promise.all(
    plan.sites.map(async ({ id }) => {
      const answer: unknown = await running.clouds.ask(id, { ask: 'record', type: 'carts', key: [customer] })
      return Object.keys(Object(answer).vector).length > 0
    }),
  )
}

test('a change beats a deletion that had not seen it, whichever store deletes, and brings the document back whole', async () => {
  const { clients, everywhere, apart } = running
  for (const [index, deleter] of clients.entries()) {
    const customer = `met-${index}`
    await deleter.put('carts', cart(customer, 5))
    await everywhere('carts', [customer], cart(customer, 5))
    const changer = clients[(index + 1) % clients.length]
    await apart(async () => {
      await deleter.remove('carts', [customer])
      await changer?.increment('carts', [customer], ['items', 'tea', 'quantity'], 3)
    })
    await everywhere('carts', [customer], cart(customer, 8))
  }
})

test('what every site has deleted is stripped, then forgotten; made anew in between, it counts from nothing', async () => {
  const { clients, everywhere } = running
  const [aws, gcp, azure] = clients
  if (!aws || !gcp || !azure) throw new Error('three sites')
  for (const [index, creator] of clients.entries()) {
    const customer = `gone-${index}`
    await creator.put('carts', cart(customer, 5))
    await everywhere('carts', [customer], cart(customer, 5))
    await clients[(index + 1) % clients.length]?.remove('carts', [customer])
    await everywhere('carts', [customer], undefined)
  }
  await running.atRest()
  await sleep(olderMs)
  for (const counts of await prune()) expect(counts).toMatchObject({ found: 3, stripped: 3, removed: 0, waiting: 0 })

  await sleep(olderMs)
  expect(await prune('--site', aws.site)).toMatchObject([{ site: aws.site, stripped: 0, removed: 3 }])
  expect(await remembered('gone-0')).toEqual([false, true, true])
  await aws.put('carts', cart('gone-0', 3))
  await everywhere('carts', ['gone-0'], cart('gone-0', 3))
  await azure.increment('carts', ['gone-0'], ['items', 'tea', 'quantity'], 4)
  await everywhere('carts', ['gone-0'], cart('gone-0', 7))
  await gcp.remove('carts', ['gone-0'])
  await everywhere('carts', ['gone-0'], undefined)

  for (let round = 0; round < 4; round++) {
    await sleep(olderMs)
    await prune()
  }
  for (const customer of ['gone-0', 'gone-1', 'gone-2']) {
    expect(await remembered(customer)).toEqual([false, false, false])
  }
})
