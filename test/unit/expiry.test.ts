/**
 * A session that its store removed must not log the user out of the other clouds for good, and one that was renewed
 * elsewhere must not stay away because a store was early or late.
 */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { counter, defineSync, fields, register } from '../../shared/declare/index.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    sessions: { key: ['session_id'], merge: register(), expires: 'expires_at' },
    baskets: { key: ['session_id'], merge: fields({ visits: counter() }), expires: 'expires_at' },
  },
})

const session = { type: 'sessions', key: ['s1'] }
const basket = { type: 'baskets', key: ['s1'] }
const hourMs = 3_600_000
const inSeconds = (ms: number) => Math.floor((startMs + ms) / 1000)
const inAnHour = { user: 'ada', expires_at: inSeconds(hourMs) }

let sites: readonly [MemorySite, MemorySite, MemorySite]
const documents = (ref = session) => sites.map(site => site.document(ref))

function later(ms: number): void {
  for (const site of sites) site.clock.nowMs += ms
}

beforeEach(async () => {
  sites = [
    new MemorySite(plan, 'aws-us-east-1', 'transactional'),
    new MemorySite(plan, 'gcp-us-central1', 'versioned'),
    new MemorySite(plan, 'azure-eastus', 'batched'),
  ]
  sites[0].write(session, inAnHour)
  await settle(sites)
  expect(documents()).toEqual([inAnHour, inAnHour, inAnHour])
})

describe('what a store removes when its time has come', () => {
  it('is no deletion: nothing is captured and nothing travels', async () => {
    later(hourMs)
    const before = sites[0].database.record(session)
    sites[0].write(session, undefined)
    expect(await sites[0].capture(session)).toBe('unchanged')
    await settle(sites)
    expect(documents()).toEqual([undefined, inAnHour, inAnHour])
    expect(sites[0].database.record(session)).toBe(before)
  })

  it('may go a moment early by our clock: the stores have their own', async () => {
    later(hourMs - 2500)
    sites[0].write(session, undefined)
    expect(await sites[0].capture(session)).toBe('unchanged')
  })

  it('is no deletion either where reading took so long that its time came meanwhile', async () => {
    later(hourMs - 5000)
    const { store } = sites[0]
    const slow: RecordStore = {
      ...store,
      async readDocument(ref) {
        later(5000)
        sites[0].write(ref, undefined)
        return store.readDocument(ref)
      },
    }
    expect(await capture(session, { ...sites[0].ports, store: slow })).toBe('unchanged')
  })

  it('is not taken for gone while a merge is writing it (DynamoDB shows one item before the other)', async () => {
    later(hourMs - 1000)
    const created = { type: 'sessions', key: ['s2'] }
    const first = await sites[1].change(created, inAnHour)
    const shorter = { ...inAnHour, expires_at: inSeconds(hourMs - 2000) }
    const second = await sites[1].change(created, shorter)
    let finish = () => {}
    const timing = {
      step: async () => {},
      background: (action: () => void) => {
        finish = action
      },
    }
    const database = sites[0].database
    const merging = ingest([first.change], sites[1].id, { ...sites[0].ports, store: database.connect(timing) })
    await vi.waitUntil(() => database.record(created) !== undefined)
    const store = database.connect()
    const whileHalfDone: RecordStore = {
      ...store,
      async readDocument(ref) {
        const read = await store.readDocument(ref)
        finish()
        return read
      },
    }
    await ingest([second.change], sites[1].id, { ...sites[0].ports, store: whileHalfDone })
    await merging
    expect(sites[0].document(created)).toEqual(shorter)
    expect(await sites[0].capture(created)).toBe('unchanged')
  })

  it('is a deletion while its time has not come', async () => {
    later(hourMs - 10_000)
    sites[0].write(session, undefined)
    await settle(sites)
    expect(documents()).toEqual([undefined, undefined, undefined])
  })
})

describe('a store that is late', () => {
  it('resurrects nothing where the document is gone already', async () => {
    later(hourMs)
    sites[0].write(session, undefined)
    await settle(sites)
    sites[1].write(session, { ...inAnHour, user: 'eve' })
    await settle(sites)
    expect(documents()).toEqual([undefined, { ...inAnHour, user: 'eve' }, { ...inAnHour, user: 'eve' }])
    sites[1].write(session, undefined)
    sites[2].write(session, undefined)
    await settle(sites)
    expect(documents()).toEqual([undefined, undefined, undefined])
  })
})

describe('a document that is given an expiry', () => {
  it('in the moment of a merge is not replaced by that merge', async () => {
    const lasting = { user: 'ada', page: 'start' }
    sites[0].write(session, lasting)
    await settle(sites)
    const { change } = await sites[1].change(session, { user: 'ada', page: 'cart' })
    const { store } = sites[0]
    let raced = false
    const racing: RecordStore = {
      ...store,
      async commit(commit) {
        if (!raced) {
          later(1000)
          sites[0].write(session, { ...lasting, expires_at: inSeconds(hourMs) })
        }
        raced = true
        return store.commit(commit)
      },
    }
    await ingest([change], sites[1].id, { ...sites[0].ports, store: racing })
    // Two writes of one value: the later one, and not a document that nobody wrote.
    expect(sites[0].document(session)).toEqual({ ...lasting, expires_at: inSeconds(hourMs) })
  })
})

describe('a document that is renewed', () => {
  const renewed = { user: 'ada', expires_at: inSeconds(3 * hourMs) }

  it('before it expires, is put back where the store has removed it meanwhile', async () => {
    sites[1].write(session, renewed)
    await sites[1].work()
    later(hourMs)
    sites[0].write(session, undefined)
    await sites[0].work()
    await settle(sites)
    expect(documents()).toEqual([renewed, renewed, renewed])
  })

  it('after it expired, is a new one: amounts of the old one do not count', async () => {
    sites[0].write(basket, { visits: 5, expires_at: inSeconds(hourMs) })
    await settle(sites)
    later(hourMs)
    for (const site of sites) site.write(basket, undefined)
    await settle(sites)
    sites[0].write(basket, { visits: 1, expires_at: inSeconds(3 * hourMs) })
    sites[1].write(basket, { visits: 2, expires_at: inSeconds(3 * hourMs) })
    await settle(sites)
    const both = { visits: 3, expires_at: inSeconds(3 * hourMs) }
    expect(documents(basket)).toEqual([both, both, both])
  })
})

it.each([['tomorrow'], [null], [{ at: 1 }]])(
  'a time of %j is none: the document stays until it is deleted',
  async at => {
    sites[0].write(session, { user: 'ada', expires_at: at })
    await settle(sites)
    later(1000 * hourMs)
    sites[0].write(session, undefined)
    await settle(sites)
    expect(documents()).toEqual([undefined, undefined, undefined])
  },
)
