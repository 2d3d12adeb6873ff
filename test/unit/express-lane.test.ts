/** Tier 1 must not wait for two streams; and whatever the express lane does, the durable path must not suffer by it. */
import { beforeEach, describe, expect, it } from 'vitest'
import { counter, defineSync, fields, register } from '../../shared/declare/index.ts'
import { type Peer, PeerUnavailable } from '../../shared/ports/index.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { openFlowControl } from '../../shared/ports/memory/open-flow-control.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { createExpressLane, expressPauseMs } from '../../shared/replicate/express-lane.ts'
import type { FlowControl } from '../../shared/replicate/flow-control.ts'
import type { FlowSettings } from '../../shared/replicate/flow-settings.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    carts: { key: ['customer_id'], tier: 1, merge: fields({ visits: counter() }) },
    local: { key: ['id_'], tier: 1, merge: register(), sites: ['aws-us-east-1', 'gcp-us-central1'] },
    products: { key: ['product_id'], tier: 2, merge: register() },
  },
})

const cart = { type: 'carts', key: ['ada'] }
let origin: MemorySite
let near: MemorySite
let far: MemorySite
let delivered: (readonly [site: string, events: readonly ChangeEvent[]])[]

beforeEach(() => {
  origin = new MemorySite(plan, 'aws-us-east-1')
  near = new MemorySite(plan, 'gcp-us-central1')
  far = new MemorySite(plan, 'azure-eastus')
  delivered = []
})

function peerTo(site: MemorySite): Peer {
  const peer = createMemoryPeer(origin.id, site.ports)
  return {
    deliver(events) {
      delivered.push([site.id, events])
      return peer.deliver(events)
    },
  }
}

function open(replace: Readonly<Record<string, Peer>> = {}, flow: FlowControl = openFlowControl) {
  const peers = new Map([near, far].map(site => [site.id, { peer: replace[site.id] ?? peerTo(site), flow }]))
  return createExpressLane({ here: origin.here, clock: origin.clock, peers })
}

async function captureBy(lane: ReturnType<typeof open>, ...refs: readonly RecordRef[]): Promise<void> {
  const { captured, send } = lane()
  for (const ref of refs) await capture(ref, { ...origin.ports, captured })
  await send()
}

describe('a capture of tier 1', () => {
  it('is at the peers before anything was published', async () => {
    origin.write(cart, { visits: 1 })
    await captureBy(open(), cart)
    expect([near, far].map(site => site.document(cart))).toEqual([{ visits: 1 }, { visits: 1 }])
  })

  it('counts once: what the durable path brings later is a duplicate', async () => {
    const lane = open()
    for (const visits of [1, 2, 5]) {
      origin.write(cart, { visits })
      await captureBy(lane, cart)
    }
    near.write(cart, { visits: 7 })
    await settle([origin, near, far])
    expect([origin, near, far].map(site => site.document(cart))).toEqual([{ visits: 7 }, { visits: 7 }, { visits: 7 }])
    expect([near, far].map(site => site.deadLetters.letters.size)).toEqual([0, 0])
  })

  it('travels with the others of its invocation, in one request to each peer that may hold them', async () => {
    const local = { type: 'local', key: ['x'] }
    origin.write(cart, { visits: 1 })
    origin.write(local, { note: 'stays here' })
    await captureBy(open(), cart, local)
    expect(delivered.map(([site, events]) => [site, events.map(({ change }) => change.type)])).toEqual([
      [near.id, ['carts', 'local']],
      [far.id, ['carts']],
    ])
  })
})

it('a route that is paused or limited has no express lane', async () => {
  const flows: readonly FlowSettings[] = [
    { pausedUntilMs: { carts: startMs + 1 } },
    { pausedUntilMs: { '*': startMs + 1 } },
    { pausedUntilMs: {}, changesPerSecond: 1000 },
  ]
  for (const [index, settings] of flows.entries()) {
    origin.write(cart, { visits: index })
    await captureBy(open({}, { ...openFlowControl, settings: async () => settings }), cart)
  }
  expect(delivered).toEqual([])
  origin.write(cart, { visits: 9 })
  await captureBy(open({}, { ...openFlowControl, settings: async () => ({ pausedUntilMs: { carts: startMs } }) }), cart)
  expect(delivered).toHaveLength(2)
})

it('other tiers, and hints that find nothing new, send nothing', async () => {
  const product = { type: 'products', key: ['tea'] }
  const lane = open()
  origin.write(product, { price: 3 })
  await captureBy(lane, product, cart)
  expect(delivered).toEqual([])
})

it('a peer that does not answer holds up neither capture nor the other peer, and is left alone for a while', async () => {
  let attempts = 0
  const silent: Peer = {
    deliver() {
      attempts++
      return Promise.reject(new PeerUnavailable(near.id, 'timeout'))
    },
  }
  const lane = open({ [near.id]: silent })
  for (const visits of [1, 2]) {
    origin.write(cart, { visits })
    await captureBy(lane, cart)
  }
  expect(attempts).toBe(1)
  expect(far.document(cart)).toEqual({ visits: 2 })
  for (const site of [origin, near, far]) site.clock.nowMs += expressPauseMs
  origin.write(cart, { visits: 3 })
  await captureBy(lane, cart)
  expect(attempts).toBe(2)
  await settle([origin, near, far])
  expect(near.document(cart)).toEqual({ visits: 3 })
})
