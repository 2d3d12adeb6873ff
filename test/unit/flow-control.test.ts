/** What an operator holds back must wait, whole and without holding up others, and go when the pause is over. */
import { describe, expect, it } from 'vitest'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import { type ControlStore, StoreUnavailable } from '../../shared/ports/index.ts'
import { MemoryClock } from '../../shared/ports/memory/memory-clock.ts'
import { createMemoryControlStore } from '../../shared/ports/memory/memory-control-store.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { createFlowControl, flowName, turnWaitMsMax } from '../../shared/replicate/flow-control.ts'
import {
  everyType,
  flowText,
  heldUntilMs,
  openFlow,
  paused,
  readFlow,
  resumed,
  stillPaused,
} from '../../shared/replicate/flow-settings.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { settingsCacheMs } from '../../shared/replicate/settings-cache.ts'
import { MemorySite, startMs } from './memory-site.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const plan = defineSync({
  sites: { [aws]: { cloud: 'aws', region: 'us-east-1' }, [gcp]: { cloud: 'gcp', region: 'us-central1' } },
  data: { carts: { key: ['ref'], merge: fields() }, prices: { key: ['ref'], merge: register() } },
})
const minute = 60_000

describe('settings', () => {
  const carts = paused(openFlow, 'carts', startMs + minute, startMs)

  it('hold back one type until the end of its pause, and no other', () => {
    expect(heldUntilMs(carts, 'carts', startMs)).toBe(startMs + minute)
    expect(heldUntilMs(carts, 'prices', startMs)).toBeUndefined()
    expect(heldUntilMs(carts, 'carts', startMs + minute)).toBeUndefined()
  })

  it('hold back every type, until the later end where one is paused by itself too', () => {
    const all = paused(carts, everyType, startMs + 2 * minute, startMs)
    expect(heldUntilMs(all, 'carts', startMs)).toBe(startMs + 2 * minute)
    expect(heldUntilMs(all, 'prices', startMs)).toBe(startMs + 2 * minute)
  })

  it('forget on the way what is over, keep the rate, and let everything go at once', () => {
    const later = paused({ ...carts, changesPerSecond: 5 }, 'prices', startMs + 3 * minute, startMs + 2 * minute)
    expect(later).toEqual({ pausedUntilMs: { prices: startMs + 3 * minute }, changesPerSecond: 5 })
    expect(resumed(carts, 'carts', startMs)).toEqual(openFlow)
    expect(resumed(carts, 'prices', startMs)).toEqual(carts)
    expect(resumed(carts, everyType, startMs)).toEqual(openFlow)
    expect(stillPaused(carts, startMs + minute)).toEqual({})
  })

  it('come back from a store as they were written; where nothing was written the flow is open', () => {
    const limited = { ...carts, changesPerSecond: 0.5 }
    expect(readFlow(flowText(limited))).toEqual(limited)
    expect(readFlow(undefined)).toEqual(openFlow)
    expect(() => readFlow('{"pausedUntilMs":[]}')).toThrow(/pausedUntilMs/)
  })
})

describe('a running instance', () => {
  it('sees a change of the settings after a while, and goes by the last it read while the store is away', async () => {
    const { control, flow, clock, store } = running()
    expect(await flow.settings()).toEqual(openFlow)
    await control.write(flowName(gcp), flowText(paused(openFlow, 'carts', startMs + minute, startMs)))
    expect(await flow.settings()).toEqual(openFlow)
    await clock.sleep(settingsCacheMs)
    const seen = await flow.settings()
    expect(heldUntilMs(seen, 'carts', clock.now())).toBe(startMs + minute)
    store.isAway = true
    await clock.sleep(settingsCacheMs)
    expect(await flow.settings()).toEqual(seen)
  })

  it('that never read any lets nothing go', async () => {
    const { flow, store } = running()
    store.isAway = true
    await expect(flow.settings()).rejects.toThrow(StoreUnavailable)
  })

  it('keeps to the rate, and does not wait longer than a run may', async () => {
    const { flow, clock } = running()
    const sentAt: number[] = []
    let refused = 0
    for (let batch = 0; batch < 60; batch++) {
      if (await flow.turn(10, 20)) sentAt.push(clock.now() - startMs)
      else refused++
    }
    // The first at once, each further one when the ten before it have had their half second.
    expect(sentAt.slice(0, 4)).toEqual([0, 500, 1000, 1500])
    expect(refused).toBe(0)
    expect(await flow.turn(1000, 20)).toBe(true)
    expect(await flow.turn(1, 20)).toBe(false)
    await clock.sleep(50_000 - turnWaitMsMax)
    expect(await flow.turn(1, 20)).toBe(true)
  })
})

describe('forward', () => {
  async function wrote() {
    const [site, peer] = [new MemorySite(plan, aws), new MemorySite(plan, gcp)]
    const cart = await site.change({ type: 'carts', key: ['a'] }, { title: 'first' })
    const price = await site.change({ type: 'prices', key: ['b'] }, { amount: 1 })
    const control = createMemoryControlStore()
    const ports = () => ({
      ...site.ports,
      peerId: gcp,
      peer: createMemoryPeer(aws, peer.ports),
      flow: createFlowControl({ control, clock: site.clock, peer: gcp }),
    })
    const set = (settings: Parameters<typeof flowText>[0]) => control.write(flowName(gcp), flowText(settings))
    return { site, peer, cart, price, ports, set }
  }

  it('lets a paused type wait while its neighbours in the batch go, and names until when', async () => {
    const { peer, cart, price, ports, set } = await wrote()
    await set(paused(openFlow, 'carts', startMs + minute, startMs))
    const [waiting, sent] = await forward([cart.text, price.text], ports())
    expect(waiting).toMatchObject({
      outcome: 'waits',
      reason: `'carts' to ${gcp} is paused until 2026-03-14T15:10:26.535Z`,
    })
    expect(sent).toEqual({ outcome: 'done' })
    expect(peer.document({ type: 'carts', key: ['a'] })).toBeUndefined()
    expect(peer.document({ type: 'prices', key: ['b'] })).toEqual({ amount: 1 })
  })

  it('brings by the claim that waited what the record is when it may go, once, whatever was written meanwhile', async () => {
    const { site, peer, cart, ports, set } = await wrote()
    await set(paused(openFlow, everyType, startMs + minute, startMs))
    const later = await site.change({ type: 'carts', key: ['a'] }, { title: 'second' })
    const claims = (await forward([cart.text, later.text], ports())).flatMap(result =>
      result.outcome === 'waits' ? [result.claim] : [],
    )
    expect(claims).toHaveLength(2)
    // A claim that is still held back waits again as itself.
    expect(await forward(claims, ports())).toEqual(
      claims.map(claim => expect.objectContaining({ outcome: 'waits', claim })),
    )
    await site.clock.sleep(minute)
    expect(await forward(claims, ports())).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
    expect(peer.document({ type: 'carts', key: ['a'] })).toEqual({ title: 'second' })
  })

  it('sends no more than the rate, and hands back what would have to wait too long', async () => {
    const { peer, cart, price, ports, set } = await wrote()
    await set({ ...openFlow, changesPerSecond: 0.1 })
    const { flow, ...others } = ports()
    expect(await forward([cart.text], { ...others, flow })).toEqual([{ outcome: 'done' }])
    expect(await forward([price.text], { ...others, flow })).toEqual([
      { outcome: 'again', reason: `${gcp} is to get 0.1 changes a second, and others go first` },
    ])
    expect(peer.document({ type: 'prices', key: ['b'] })).toBeUndefined()
  })

  it('sends nothing while it cannot know what may go', async () => {
    const { peer, cart, ports } = await wrote()
    const settings = async () => {
      throw new StoreUnavailable('throttled')
    }
    const [result] = await forward([cart.text], { ...ports(), flow: { settings, turn: async () => true } })
    expect(result).toMatchObject({ outcome: 'again', reason: expect.stringContaining('throttled') })
    expect(peer.document({ type: 'carts', key: ['a'] })).toBeUndefined()
  })
})

function running() {
  const clock = new MemoryClock(startMs)
  const control = createMemoryControlStore()
  const store = { isAway: false }
  const sometimes: ControlStore = {
    ...control,
    read: async name => {
      if (store.isAway) throw new StoreUnavailable('throttled')
      return control.read(name)
    },
  }
  return { control, clock, store, flow: createFlowControl({ control: sometimes, clock, peer: gcp }) }
}
