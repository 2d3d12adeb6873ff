/** Reservations on the three local clouds, with official clients: never more accepted than there is, whoever asks where. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import type { TestClouds } from './running-clouds.ts'
import { decidedClouds } from './shared-clouds.ts'

let running: TestClouds

beforeAll(async () => {
  running = await decidedClouds()
})

const units = 100
const requests = 150

const reservations = z.record(z.string(), z.object({ status: z.string(), quantity: z.number() }))

type Reservations = z.output<typeof reservations>

/** By the home, and by every site within its share. */
type Type = 'stock' | 'seats'

async function reservationsAt(client: ApplicationClient, sku: string, type: Type = 'stock'): Promise<Reservations> {
  const document = await client.read(type, [sku])
  return reservations.parse(document?.reservations ?? {})
}

async function stocked(sku: string, onHand: number, type: Type = 'stock'): Promise<void> {
  const [first] = running.clients
  const stock: Item = { [type === 'stock' ? 'sku_id' : 'show_id']: sku, on_hand: onHand, reservations: {} }
  await first?.put(type, stock)
  await running.everywhere(type, [sku], { ...stock, available: onHand })
}

const request = (client: ApplicationClient, sku: string, id: string, quantity = 1, type: Type = 'stock') =>
  client.set(type, [sku], ['reservations', id], { quantity, status: 'requested' })

async function decidedEverywhere(
  sku: string,
  count: number,
  clients = running.clients,
  type: Type = 'stock',
): Promise<readonly Reservations[]> {
  const open = async () => {
    const all = await Promise.all(clients.map(client => reservationsAt(client, sku, type)))
    return all.map(found => Object.values(found).filter(({ status }) => status !== 'requested').length)
  }
  await expect.poll(open, { timeout: 90_000, interval: 200 }).toEqual(clients.map(() => count))
  return Promise.all(clients.map(client => reservationsAt(client, sku, type)))
}

const idsOf = (reservations: Reservations, status: string) =>
  Object.entries(reservations)
    .flatMap(([id, entry]) => (entry.status === status ? [id] : []))
    .sort()

test.each<[string, Type]>([
  ['a home decides', 'stock'],
  ['every site decides within its share', 'seats'],
])(
  `${units} units, ${requests} single reservations at three sites at once, and %s: exactly ${units} are accepted, the same everywhere`,
  async (_, type) => {
    await stocked('tea', units, type)
    // What any site ever shows as accepted must stay so.
    const shownAccepted = new Map(running.clients.map(({ site }) => [site, new Set<string>()]))
    const taken: string[] = []
    let watching = true
    const watch = Promise.all(
      running.clients.map(async client => {
        while (watching) {
          const found = await reservationsAt(client, 'tea', type)
          const accepted = shownAccepted.get(client.site)
          for (const id of accepted ?? []) if (found[id]?.status !== 'accepted') taken.push(`${id} at ${client.site}`)
          for (const id of idsOf(found, 'accepted')) accepted?.add(id)
          await new Promise(resume => setTimeout(resume, 100))
        }
      }),
    )
    await Promise.all(
      running.clients.map(async (client, at) => {
        for (let index = at; index < requests; index += running.clients.length)
          await request(client, 'tea', `r${index}`, 1, type)
      }),
    )
    const found = await decidedEverywhere('tea', requests, running.clients, type)
    watching = false
    await watch
    expect(taken).toEqual([])
    const accepted = found.map(each => idsOf(each, 'accepted'))
    expect(accepted[0]).toHaveLength(units)
    for (const other of accepted) expect(other).toEqual(accepted[0])
    const available = await Promise.all(
      running.clients.map(async client => (await client.read(type, ['tea']))?.available),
    )
    expect(available).toEqual(running.clients.map(() => 0))
    await running.atRest()
  },
  180_000,
)

test('a cut-off home: what is asked meanwhile stays open until another site is told to decide, and nothing flips', async () => {
  const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'].map(site => {
    const client = running.clients.find(each => each.site === site)
    if (!client) throw new Error(`no client at ${site}`)
    return client
  })
  if (!aws || !gcp || !azure) throw new Error('three sites')
  await stocked('mug', 3)
  await request(aws, 'mug', 'before', 2)
  await decidedEverywhere('mug', 1)
  await running.clouds.cut([gcp.site])
  await request(azure, 'mug', 'meanwhile', 1)
  await request(aws, 'mug', 'too-much', 2)
  await expect.poll(async () => Object.keys(await reservationsAt(aws, 'mug')).length, { timeout: 20_000 }).toBe(3)
  expect(await reservationsAt(aws, 'mug')).toMatchObject({
    before: { status: 'accepted' },
    meanwhile: { status: 'requested' },
  })

  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: running.folder } }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, 'home', 'stock', '--to', aws.site, '--from', gcp.site, '--json'],
    options,
  )
  expect(JSON.parse(stdout)).toMatchObject({ type: 'stock', to: aws.site, homes: [gcp.site] })
  const [atAws] = await decidedEverywhere('mug', 3, [aws, azure])
  expect(atAws?.before?.status).toBe('accepted')
  // One unit was left: the request for two never fits.
  expect(idsOf(atAws ?? {}, 'accepted')).toEqual(['before', 'meanwhile'])

  await running.clouds.cut([])
  const all = await decidedEverywhere('mug', 3)
  for (const each of all) expect(each).toEqual(all[0])
}, 180_000)
