/** When is a deletion forgotten? Too early, and what was deleted comes back; never, and every deletion costs for ever. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { PeerUnavailable } from '../../shared/ports/index.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { messageAgeMaxMs, pruneAfterMs } from '../../shared/replicate/message-age.ts'
import { type Pruned, prune } from '../../shared/replicate/prune.ts'
import { feedRetentionMs } from '../../shared/replicate/resolution-retention.ts'
import { tellStandings } from '../../shared/replicate/standing.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle } from './memory-site.ts'

const ref = { type: 'carts', key: ['alice'] }
const ids = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const cart = (quantity: number) => ({ currency: 'EUR', items: { tea: { quantity } } })

let sites: readonly [MemorySite, MemorySite, MemorySite]
const unreachable = new Set<MemorySite>()

beforeEach(() => {
  sites = [new MemorySite(plan, ids[0]), new MemorySite(plan, ids[1]), new MemorySite(plan, ids[2])]
  unreachable.clear()
})

function peerOf(from: MemorySite, to: MemorySite): Peer & PeerStandings {
  const memory = createMemoryPeer(from.id, to.ports)
  const reach = () => {
    if (unreachable.has(to)) throw new PeerUnavailable(to.id, 'cut off')
  }
  return {
    async deliver(events) {
      reach()
      return memory.deliver(events)
    },
    async ask(questions) {
      reach()
      return tellStandings(questions, from.id, to.ports)
    },
  }
}

function pruneAt(site: MemorySite): Promise<Pruned> {
  const others = sites.filter(other => other !== site)
  const peers = new Map(others.map(other => [other.id, peerOf(site, other)]))
  const ports = { ...site.ports, tombstones: site.database.tombstones(), peers }
  return prune(ports, { olderThanMs: pruneAfterMs })
}

function pass(ms: number): void {
  for (const { clock } of sites) clock.nowMs += ms
}

async function deletedEverywhere(): Promise<void> {
  sites[0].write(ref, cart(5))
  await settle(sites)
  pass(1000)
  sites[1].write(ref, undefined)
  await settle(sites)
}

const isRemembered = () => sites.map(({ database }) => database.record(ref) !== undefined)

describe('a deletion that every site knows of', () => {
  it('is kept while a message may be on its way, then stripped, then forgotten', async () => {
    await deletedEverywhere()
    pass(pruneAfterMs)
    expect(await pruneAt(sites[0])).toMatchObject({ found: 0 })
    pass(1)
    for (const site of sites) expect(await pruneAt(site)).toMatchObject({ found: 1, stripped: 1, removed: 0 })
    expect(sites.map(site => site.record(ref).state)).toEqual([undefined, undefined, undefined])
    for (const site of sites) expect(await pruneAt(site)).toMatchObject({ found: 0 })
    pass(pruneAfterMs + 1)
    expect(await pruneAt(sites[0])).toMatchObject({ found: 1, stripped: 0, removed: 1 })
    for (const site of sites.slice(1)) expect(await pruneAt(site)).toMatchObject({ removed: 1 })
    expect(isRemembered()).toEqual([false, false, false])
  })

  it('waits for the site that has been stripped last', async () => {
    await deletedEverywhere()
    pass(pruneAfterMs + 1)
    await pruneAt(sites[0])
    await pruneAt(sites[1])
    pass(pruneAfterMs + 1)
    expect(await pruneAt(sites[2])).toMatchObject({ stripped: 1 })
    expect(await pruneAt(sites[0])).toMatchObject({ waiting: 1, removed: 0 })
  })

  it('stays as it is while a peer cannot be asked', async () => {
    await deletedEverywhere()
    pass(pruneAfterMs + 1)
    unreachable.add(sites[2])
    expect(await pruneAt(sites[0])).toMatchObject({
      waiting: 1,
      stripped: 0,
      unreachable: { [ids[2]]: expect.stringContaining('cut off') },
    })
  })

  it('begins a new life that counts from nothing, wherever it is forgotten already', async () => {
    await deletedEverywhere()
    pass(pruneAfterMs + 1)
    for (const site of sites) await pruneAt(site)
    pass(pruneAfterMs + 1)
    await pruneAt(sites[0])
    expect(isRemembered()).toEqual([false, true, true])
    sites[0].write(ref, cart(3))
    await settle(sites)
    sites[2].write(ref, cart(4))
    await settle(sites)
    expect(sites.map(site => site.document(ref))).toEqual([cart(4), cart(4), cart(4)])
  })

  it('is not stripped under a document that was written anew meanwhile', async () => {
    await deletedEverywhere()
    pass(pruneAfterMs + 1)
    await sites[1].change(ref, cart(9))
    expect(await pruneAt(sites[0])).toMatchObject({ waiting: 1, stripped: 0 })
  })
})

describe('a deletion that some site does not know of', () => {
  it('is told to it', async () => {
    sites[0].write(ref, cart(5))
    await settle(sites)
    await sites[1].change(ref, undefined)
    pass(pruneAfterMs + 1)
    expect(await pruneAt(sites[1])).toMatchObject({ found: 1, waiting: 1, sent: 2 })
    expect(sites.map(site => site.document(ref))).toEqual([undefined, undefined, undefined])
  })
})

describe('what has expired', () => {
  const session = { type: 'carts', key: ['session'] }
  const expiring = {
    ...plan,
    types: plan.types.map(type => (type.name === 'carts' ? { ...type, expires: 'expires_at' } : type)),
  }

  it('is forgotten like what was deleted, but not while a store that is late still has it', async () => {
    const [a, b, c] = ids.map(id => new MemorySite(expiring, id))
    if (!a || !b || !c) throw new Error('three sites')
    sites = [a, b, c]
    a.write(session, { ...cart(1), expires_at: a.clock.nowMs / 1000 + 60 })
    await settle(sites)
    pass(60_000 + pruneAfterMs + 1)
    expect(await pruneAt(a)).toMatchObject({ found: 1, waiting: 1, stripped: 0 })
    for (const site of sites) site.write(session, undefined)
    await settle(sites)
    for (const site of sites) expect(await pruneAt(site)).toMatchObject({ stripped: 1 })
    pass(pruneAfterMs + 1)
    for (const site of sites) expect(await pruneAt(site)).toMatchObject({ removed: 1 })
  })
})

describe('a message from before', () => {
  it('brings nothing back where the deletion is forgotten: it is answered with a gap', async () => {
    const first = await sites[0].change(ref, cart(5))
    sites[0].texts.push(first.text)
    await settle(sites)
    sites[1].write(ref, undefined)
    await settle(sites)
    for (let phase = 0; phase < 2; phase++) {
      pass(pruneAfterMs + 1)
      for (const site of sites) await pruneAt(site)
    }
    expect(isRemembered()).toEqual([false, false, false])
    expect(await ingest([first.change], ids[0], sites[2].ports)).toEqual([{ answer: 'gap' }])
    expect(sites[2].document(ref)).toBeUndefined()
  })

  it('is news as long as a bus may have kept it', async () => {
    const { change } = await sites[0].change(ref, cart(5))
    pass(messageAgeMaxMs)
    expect(await ingest([change], ids[0], sites[1].ports)).toEqual([{ answer: 'applied' }])
    pass(1)
    expect(await ingest([change], ids[0], sites[2].ports)).toEqual([{ answer: 'gap' }])
  })
})

it('a tombstone outlives every message, and every message its resolutions', () => {
  expect(pruneAfterMs).toBeGreaterThan(messageAgeMaxMs)
  expect(messageAgeMaxMs).toBeGreaterThan(feedRetentionMs)
})
