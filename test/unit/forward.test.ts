/** Forward decides what is done, what is tried again and what an operator must see: a wrong "done" is a lost write. */
import { describe, expect, it } from 'vitest'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import { PeerUnavailable, StoreUnavailable } from '../../shared/ports/index.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { type ForwardPorts, forward } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { MemorySite, startMs } from './memory-site.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const azure = 'azure-eastus'
const plan = defineSync({
  sites: {
    [aws]: { cloud: 'aws', region: 'us-east-1' },
    [gcp]: { cloud: 'gcp', region: 'us-central1' },
    [azure]: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    carts: { key: ['ref'], merge: fields() },
    prices: { key: ['ref'], merge: register(), sites: [aws, azure] },
  },
})

const cart = (id: string) => ({ type: 'carts', key: [id] })
const applied: Answer = { answer: 'applied' }
const gap: Answer = { answer: 'gap' }
const refused: Answer = { answer: 'refused', reason: 'internal', detail: 'TypeError: x' }
const done = { outcome: 'done' }
const again = (reason: string) => ({ outcome: 'again', reason })
const waits = (reason: string) => ({ outcome: 'waits', reason, claim: expect.stringContaining('sync.claim') })

class ScriptedPeer {
  readonly requests: (readonly ChangeEvent[])[] = []
  readonly #answer: (event: ChangeEvent, request: number) => Answer | undefined

  constructor(answer: (event: ChangeEvent, request: number) => Answer | undefined) {
    this.#answer = answer
  }

  async deliver(events: readonly ChangeEvent[]): Promise<readonly Answer[]> {
    this.requests.push(events)
    return events.flatMap(event => this.#answer(event, this.requests.length) ?? [])
  }
}

const portsOf = (site: MemorySite, peer: ForwardPorts['peer'], peerId = gcp): ForwardPorts => ({
  ...site.ports,
  peerId,
  peer,
})

const letters = (site: MemorySite) => [...site.deadLetters.letters.values()]

async function changesOf(site: MemorySite, ...ids: readonly string[]): Promise<readonly ChangeEvent[]> {
  const events: ChangeEvent[] = []
  for (const id of ids) events.push(await site.change(cart(id), { title: id }))
  return events
}

const textsOf = (events: readonly ChangeEvent[]) => events.map(({ text }) => text)
const keysOf = (events: readonly ChangeEvent[]) => events.map(({ change }) => change.key[0])

describe('changes', () => {
  it('go in one request, as the texts they stood as on the bus', async () => {
    const site = new MemorySite(plan, aws)
    const peer = new ScriptedPeer(() => applied)
    const texts = textsOf(await changesOf(site, 'a', 'b', 'c'))
    expect(await forward(texts, portsOf(site, peer))).toEqual([done, done, done])
    expect(peer.requests.map(textsOf)).toEqual([texts])
  })

  it('go in several requests when they are many, and each gets its own outcome', async () => {
    const site = new MemorySite(plan, aws)
    const ids = Array.from({ length: batchChangesMax + 2 }, (_, index) => `c${index}`)
    const late = new Set(['c0', `c${batchChangesMax}`])
    const peer = new ScriptedPeer(({ change }) =>
      late.has(change.key[0] ?? '') ? { answer: 'busy', reason: 'throttled' } : applied,
    )
    const outcomes = await forward(textsOf(await changesOf(site, ...ids)), portsOf(site, peer))
    expect(peer.requests.map(({ length }) => length)).toEqual([batchChangesMax, 2])
    expect(outcomes).toEqual(ids.map(id => (late.has(id) ? again('throttled') : done)))
  })

  it('that the peer has already are done', async () => {
    const site = new MemorySite(plan, aws)
    const peer = new ScriptedPeer(() => ({ answer: 'duplicate' }))
    expect(await forward(textsOf(await changesOf(site, 'a')), portsOf(site, peer))).toEqual([done])
  })

  it('of other sites are none of ours: nothing circles', async () => {
    const site = new MemorySite(plan, aws)
    const foreign = await changesOf(new MemorySite(plan, azure), 'a')
    const peer = new ScriptedPeer(() => applied)
    expect(await forward(textsOf(foreign), portsOf(site, peer))).toEqual([done])
    expect(peer.requests).toEqual([])
  })

  it('of a type that may not be at the peer never leave', async () => {
    const site = new MemorySite(plan, aws)
    const price = await site.change({ type: 'prices', key: ['p'] }, { amount: 3 })
    const peer = new ScriptedPeer(() => applied)
    expect(await forward([price.text], portsOf(site, peer, gcp))).toEqual([done])
    expect(peer.requests).toEqual([])
    expect(await forward([price.text], portsOf(site, peer, azure))).toEqual([done])
    expect(peer.requests).toHaveLength(1)
  })

  it('that cannot be read are put aside, and their neighbours go', async () => {
    const site = new MemorySite(plan, aws)
    const [event] = await changesOf(site, 'a')
    const peer = new ScriptedPeer(() => applied)
    const texts = ['not json', event?.text ?? '', '{"specversion":"1.0"}']
    expect(await forward(texts, portsOf(site, peer))).toEqual([done, done, done])
    expect(peer.requests.map(keysOf)).toEqual([['a']])
    expect(letters(site)).toEqual([
      expect.objectContaining({ kind: 'message', text: 'not json', reason: 'the event is no JSON', atMs: startMs }),
      expect.objectContaining({ kind: 'message', text: '{"specversion":"1.0"}' }),
    ])
  })
})

describe('a gap', () => {
  it('is filled at once with the present whole state, later writes included', async () => {
    const site = new MemorySite(plan, aws)
    const first = await site.change(cart('a'), { title: 'one' })
    await site.change(cart('a'), { title: 'two', size: 'L' })
    const peer = new ScriptedPeer(({ change }) => (change.intervals.length > 0 ? gap : applied))
    expect(await forward([first.text], portsOf(site, peer))).toEqual([done])
    const [, [whole] = []] = peer.requests
    expect(whole?.change).toMatchObject({
      intervals: [],
      vector: { [aws]: startMs + 1 },
      state: { ...site.record(cart('a')).state },
    })
  })

  it('is nothing to fill where the record was pruned: the deletion is everywhere', async () => {
    const site = new MemorySite(plan, aws)
    const event = await site.change(cart('a'), { title: 'one' })
    site.database.forget(cart('a'))
    const peer = new ScriptedPeer(() => gap)
    expect(await forward([event.text], portsOf(site, peer))).toEqual([done])
    expect(peer.requests).toHaveLength(1)
  })

  it('reported for a whole state makes no endless loop', async () => {
    const site = new MemorySite(plan, aws)
    const event = await site.change(cart('a'), { title: 'one' })
    const peer = new ScriptedPeer(() => gap)
    expect(await forward([event.text], portsOf(site, peer))).toEqual([again(`${gcp} reports a gap for a whole state`)])
    expect(peer.requests).toHaveLength(2)
  })

  it('waits for our own store, and its neighbours in the batch do not', async () => {
    const site = new MemorySite(plan, aws)
    const texts = textsOf(await changesOf(site, 'a', 'missed', 'c'))
    const store = { ...site.store, readRecord: () => Promise.reject(new StoreUnavailable('throttled')) }
    const peer = new ScriptedPeer(({ change }) => (change.key[0] === 'missed' ? gap : applied))
    expect(await forward(texts, { ...portsOf(site, peer), store })).toEqual([
      done,
      again('the store is unavailable: throttled'),
      done,
    ])
    expect(letters(site)).toEqual([])
  })

  it('whose record cannot be read any more is put aside, and its neighbours are done', async () => {
    const site = new MemorySite(plan, aws)
    const texts = textsOf(await changesOf(site, 'a', 'spoiled', 'c'))
    const store = { ...site.store, readRecord: () => Promise.reject(new SyntaxError('no JSON')) }
    const peer = new ScriptedPeer(({ change }) => (change.key[0] === 'spoiled' ? gap : applied))
    expect(await forward(texts, { ...portsOf(site, peer), store })).toEqual([done, done, done])
    expect(letters(site)).toEqual([
      expect.objectContaining({ kind: 'change', reason: 'SyntaxError: no JSON', event: texts[1] }),
    ])
  })
})

describe('a change made under an older declaration', () => {
  const held: Answer = { answer: 'held' }
  const newer = defineSync({
    sites: { [aws]: { cloud: 'aws', region: 'us-east-1' }, [gcp]: { cloud: 'gcp', region: 'us-central1' } },
    data: { carts: { key: ['ref'], merge: fields() }, orders: { key: ['ref'], merge: register() } },
  })

  it('is sent again as the present state, under the present one, to a peer that has it too', async () => {
    const site = new MemorySite(plan, aws)
    const [event] = await changesOf(site, 'a')
    const peer = new ScriptedPeer(({ change }) => (change.plan === newer.hash ? applied : held))
    const ports = { ...portsOf(site, peer), here: createHere(newer, aws) }
    expect(await forward([event?.text ?? ''], ports)).toEqual([done])
    expect(peer.requests.map(([sent]) => sent?.change.plan)).toEqual([plan.hash, newer.hash])
  })

  it('waits while the peer has not got the newer one', async () => {
    const site = new MemorySite(plan, aws)
    const [event] = await changesOf(site, 'a')
    const peer = new ScriptedPeer(() => held)
    const ports = { ...portsOf(site, peer), here: createHere(newer, aws) }
    expect(await forward([event?.text ?? ''], ports)).toEqual([waits(`${gcp} runs another plan than ${newer.hash}`)])
    expect(letters(site)).toEqual([])
  })
})

describe('a refused change', () => {
  it('is tried three times more, after growing pauses, and then put aside whole; its neighbours are done', async () => {
    const site = new MemorySite(plan, aws)
    const events = await changesOf(site, 'a', 'bad', 'c')
    const peer = new ScriptedPeer(({ change }) => (change.key[0] === 'bad' ? refused : applied))
    expect(await forward(textsOf(events), portsOf(site, peer))).toEqual([done, done, done])
    expect(peer.requests.map(keysOf)).toEqual([['a', 'bad', 'c'], ['bad'], ['bad'], ['bad']])
    expect(site.clock.nowMs - startMs).toBe(100 + 200 + 400)
    expect(letters(site)).toEqual([
      {
        kind: 'change',
        id: expect.any(String),
        site: aws,
        peer: gcp,
        reason: 'internal: TypeError: x',
        attempts: 4,
        atMs: startMs + 700,
        event: events[1]?.text,
      },
    ])
  })

  it('is done when it is accepted after all', async () => {
    const site = new MemorySite(plan, aws)
    const peer = new ScriptedPeer((_, request) => (request < 3 ? refused : applied))
    expect(await forward(textsOf(await changesOf(site, 'a')), portsOf(site, peer))).toEqual([done])
    expect(peer.requests).toHaveLength(3)
    expect(letters(site)).toEqual([])
  })

  it('waits when the peer goes away meanwhile: that does not count against it', async () => {
    const site = new MemorySite(plan, aws)
    const peer = new ScriptedPeer((_, request) => {
      if (request > 2) throw new PeerUnavailable(gcp, 'connection refused')
      return refused
    })
    const [outcome] = await forward(textsOf(await changesOf(site, 'a')), portsOf(site, peer))
    expect(outcome).toEqual(again(`${gcp} is unavailable: connection refused`))
    expect(letters(site)).toEqual([])
  })

  it('is put aside once, however often its delivery is repeated', async () => {
    const site = new MemorySite(plan, aws)
    const texts = textsOf(await changesOf(site, 'a'))
    const ports = portsOf(site, new ScriptedPeer(() => refused))
    await forward(texts, ports)
    await forward(texts, ports)
    expect(letters(site)).toHaveLength(1)
  })
})

it('a message that cannot be read waits while the dead letters are away, and its neighbours do not', async () => {
  const site = new MemorySite(plan, aws)
  const [first, second] = textsOf(await changesOf(site, 'a', 'b'))
  const peer = new ScriptedPeer(() => applied)
  const deadLetters = { put: () => Promise.reject(new Error('queue away')) }
  expect(await forward([first ?? '', 'no event', second ?? ''], { ...portsOf(site, peer), deadLetters })).toEqual([
    done,
    again('the dead letters did not take it: Error: queue away'),
    done,
  ])
})

it('a change that the peer holds, for it has another plan, does not hold up what is behind it', async () => {
  const site = new MemorySite(plan, aws)
  const peer = new ScriptedPeer(({ change }) => (change.key[0] === 'a' ? { answer: 'held' } : applied))
  const [held, next] = await forward(textsOf(await changesOf(site, 'a', 'b')), portsOf(site, peer))
  expect(held).toEqual(waits(`${gcp} runs another plan than ${plan.hash}`))
  expect(next).toEqual(done)
  expect(letters(site)).toEqual([])
  // What waits in its place stands for the same record.
  const claim = held?.outcome === 'waits' ? held.claim : ''
  expect(await forward([claim], portsOf(site, new ScriptedPeer(() => applied)))).toEqual([done])
})

describe('a change waits, without counting against it, when the peer', () => {
  it.each<[string, () => Answer | undefined, string]>([
    ['is busy', () => ({ answer: 'busy', reason: 'the store throttles' }), 'the store throttles'],
    ['gives no answer for it', () => undefined, `${gcp} gave no answer for this change`],
    [
      'cannot be reached',
      () => {
        throw new PeerUnavailable(gcp, 'timeout')
      },
      `${gcp} is unavailable: timeout`,
    ],
  ])('%s', async (_, answer, reason) => {
    const site = new MemorySite(plan, aws)
    const texts = textsOf(await changesOf(site, 'a', 'b'))
    expect(await forward(texts, portsOf(site, new ScriptedPeer(answer)))).toEqual([again(reason), again(reason)])
    expect(letters(site)).toEqual([])
    expect(site.clock.nowMs).toBe(startMs)
  })
})
