/** Reservations that every site answers at once, through the real flows: within its share, and never more than there is. */
import { beforeEach, describe, expect, it } from 'vitest'
import { defineSync, escrow, ledger } from '../../shared/declare/index.ts'
import { takeOver } from '../../shared/replicate/take-over.ts'
import { MemorySite, settle } from './memory-site.ts'

const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const plan = defineSync({
  sites: {
    [aws]: { cloud: 'aws', region: 'us-east-1' },
    [gcp]: { cloud: 'gcp', region: 'us-central1' },
    [azure]: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    stock: {
      key: ['sku'],
      merge: ledger({
        stock: 'on_hand',
        entries: 'reservations',
        available: 'available',
        quantity: 'qty',
        status: 'status',
        decide: escrow({ shares: { [aws]: 50, [gcp]: 30, [azure]: 20 } }),
      }),
    },
  },
})

const sku = { type: 'stock', key: ['tea'] }
type Shown = { on_hand: number; available: number; reservations: Record<string, { qty: number; status: string }> }
let all: readonly MemorySite[]
let atAws: MemorySite
let atGcp: MemorySite
let atAzure: MemorySite

const shown = (site: MemorySite) => site.document(sku) as unknown as Shown
const statuses = (id: string) => all.map(site => shown(site).reservations[id]?.status)

function edit(site: MemorySite, change: (document: Shown) => void): void {
  const document = structuredClone(shown(site))
  change(document)
  site.write(sku, JSON.parse(JSON.stringify(document)))
}
const request = (site: MemorySite, id: string, qty: number) =>
  edit(site, document => {
    document.reservations[id] = { qty, status: 'requested' }
  })

beforeEach(async () => {
  atAws = new MemorySite(plan, aws, 'versioned')
  atGcp = new MemorySite(plan, gcp, 'versioned')
  atAzure = new MemorySite(plan, azure, 'versioned')
  all = [atAws, atGcp, atAzure]
  atAws.write(sku, { on_hand: 10, reservations: {} })
  await settle(all)
})

it('a site answers within its share in the commit that captures the request, alone', async () => {
  request(atAzure, 'a', 2)
  await atAzure.work()
  expect(shown(atAzure)).toMatchObject({ available: 8, reservations: { a: { status: 'accepted' } } })
  await settle(all)
  expect(statuses('a')).toEqual(['accepted', 'accepted', 'accepted'])
})

it('what is over its share waits until rights have moved, and nothing is given away twice', async () => {
  request(atAzure, 'a', 5)
  await atAzure.work()
  expect(shown(atAzure).reservations.a?.status).toBe('requested')
  await settle(all)
  expect(statuses('a')).toEqual(['accepted', 'accepted', 'accepted'])
  for (const [index, site] of all.entries()) request(site, `more-${index}`, 3)
  await settle(all)
  const accepted = ['more-0', 'more-1', 'more-2'].filter(id => statuses(id)[0] === 'accepted')
  expect(accepted).toHaveLength(1)
  expect(all.map(site => shown(site).available)).toEqual([2, 2, 2])
})

it('cut off from each other, the sites together accept no more than there is', async () => {
  for (const site of all) for (let index = 0; index < 6; index++) request(site, `${site.id}-${index}`, 1)
  for (const site of all) await site.work()
  const accepted = (site: MemorySite) =>
    Object.values(shown(site).reservations).filter(({ status }) => status === 'accepted').length
  expect(all.map(accepted)).toEqual([5, 3, 2])
  const before = all.map(site =>
    Object.entries(shown(site).reservations).filter(([, { status }]) => status === 'accepted'),
  )
  await settle(all)
  expect(all.map(accepted)).toEqual([10, 10, 10])
  for (const [id] of before.flat()) expect(statuses(id)).toEqual(['accepted', 'accepted', 'accepted'])
  expect(all.map(site => shown(site).available)).toEqual([0, 0, 0])
})

it('a rejection is told by the site that gave it', async () => {
  request(atGcp, 'too-much', 11)
  await settle(all)
  expect(statuses('too-much')).toEqual(['rejected', 'rejected', 'rejected'])
  const told = all.map(site =>
    [...site.audit.entries.values()].flatMap(entry =>
      'kind' in entry && entry.kind === 'incident' ? [entry.subject] : [],
    ),
  )
  expect(told).toEqual([[], ['too-much'], []])
})

it('what is cancelled goes back to the site that had accepted it', async () => {
  request(atAzure, 'a', 2)
  await settle(all)
  edit(atAws, document => {
    document.reservations.a = { qty: 2, status: 'cancelled' }
  })
  await settle(all)
  request(atAzure, 'b', 2)
  await atAzure.work()
  expect(shown(atAzure).reservations.b?.status).toBe('accepted')
})

it('a share of a site that the type does not know is refused by name', () => {
  const names = { stock: 'a', entries: 'b', available: 'c', quantity: 'd', status: 'e' }
  const declare = (shares: Readonly<Record<string, number>>) =>
    defineSync({
      sites: { [aws]: { cloud: 'aws', region: 'us-east-1' } },
      data: { stock: { key: ['sku'], merge: ledger({ ...names, decide: escrow({ shares }) }) } },
    })
  expect(() => declare({ nowhere: 10 })).toThrow("data.stock.merge.decide.shares: found 'nowhere'")
  expect(() => declare({ [aws]: 101 })).toThrow('a part of a hundred')
  expect(() =>
    defineSync({
      sites: { [aws]: { cloud: 'aws', region: 'us-east-1' } },
      data: { stock: { key: ['sku'], merge: ledger({ ...names, decide: escrow(), shortage: 'revokeLatest' }) } },
    }),
  ).toThrow('data.stock.merge.shortage: found "revokeLatest"; allowed: keep')
})

it.each(['constructor', '__proto__'])('a reservation may be called %s', async id => {
  request(atAzure, 'other', 1)
  const document = shown(atAzure)
  const entry = { [id]: { qty: 2, status: 'requested' } }
  atAzure.write(sku, { ...document, reservations: { ...document.reservations, ...entry } })
  await settle(all)
  for (const site of all) {
    expect(Object.entries(shown(site).reservations).find(([name]) => name === id)?.[1].status).toBe('accepted')
    expect(shown(site).available).toBe(7)
  }
})

it('what was shipped elsewhere than it was accepted leaves nobody rights to what has gone', async () => {
  // AWS has the rights to 5 of 10, Google Cloud to 3, Azure to 2.
  request(atAws, 'a', 5)
  await settle(all)
  // Azure ships it: its own rights are below zero now, by what AWS has again.
  edit(atAzure, document => {
    document.on_hand -= 5
    document.reservations.a = { qty: 5, status: 'done' }
  })
  await settle(all)
  for (const [index, site] of all.entries()) request(site, `b-${index}`, 3)
  for (const site of all) await site.work()
  const accepted = new Set(
    all.flatMap(site =>
      Object.entries(shown(site).reservations).flatMap(([id, { status }]) => (status === 'accepted' ? [id] : [])),
    ),
  )
  await settle(all)
  expect(accepted.size).toBeLessThanOrEqual(1)
  expect(all.map(site => shown(site).available)).toEqual([2, 2, 2])
})

describe('a site is lost, and an operator writes its share off', () => {
  const writeOff = (site: MemorySite, most: number) =>
    takeOver(sku, { ...site.ports, homes: { of: async () => ({ homes: [azure], turn: 0, most }) } })
  const others = () => [atAws, atGcp]
  const shortages = () =>
    others().flatMap(site =>
      [...site.audit.entries.values()].filter(
        entry => 'kind' in entry && entry.kind === 'incident' && entry.name === 'stock_short',
      ),
    )

  it('what it has left can be given away elsewhere; more than was said to be at most is left alone', async () => {
    expect(await writeOff(atAws, 1)).toBe('unchanged')
    expect(await writeOff(atAws, 2)).toBe('claimed')
    expect(await writeOff(atAws, 2)).toBe('unchanged')
    request(atAws, 'a', 7)
    await atAws.work()
    expect(shown(atAws).reservations.a?.status).toBe('accepted')
  })

  it('if it was not lost, the oversell that follows is told', async () => {
    await writeOff(atAws, 2)
    for (const [index, site] of [atAws, atGcp].entries()) request(site, `all-${index}`, index === 0 ? 7 : 3)
    request(atAzure, 'mine', 2)
    for (const site of all) await site.work()
    await settle(all)
    expect(statuses('mine')).toEqual(['accepted', 'accepted', 'accepted'])
    expect(all.map(site => shown(site).available)).toEqual([-2, -2, -2])
    expect(shortages().length).toBeGreaterThan(0)
  })
})
