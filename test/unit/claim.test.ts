/** A change that no message of a bus can hold: it must arrive all the same, and its neighbours with it. */
import { describe, expect, it } from 'vitest'
import { defineSync, fields } from '../../shared/declare/index.ts'
import { StoreUnavailable } from '../../shared/ports/index.ts'
import { MemoryBus } from '../../shared/ports/memory/memory-bus.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { busText, readBusMessage } from '../../shared/replicate/claim.ts'
import { ChangeMalformed } from '../../shared/replicate/event-fields.ts'
import { type ForwardPorts, forward } from '../../shared/replicate/forward.ts'
import { MemorySite, startMs } from './memory-site.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const plan = defineSync({
  sites: { [aws]: { cloud: 'aws', region: 'us-east-1' }, [gcp]: { cloud: 'gcp', region: 'us-central1' } },
  data: { carts: { key: ['ref'], merge: fields() } },
})
const cart = (id: string) => ({ type: 'carts', key: [id] })
const done = { outcome: 'done' }
const nothingFits = () => false
const body = 'x'.repeat(2_000)

/** A site whose changes wait as claims, and what its peer is sent. */
function sites() {
  const [here, there] = [new MemorySite(plan, aws), new MemorySite(plan, gcp)]
  const requests: (readonly ChangeEvent[])[] = []
  const inner = createMemoryPeer(aws, there.ports)
  const peer: ForwardPorts['peer'] = {
    deliver: events => {
      requests.push(events)
      return inner.deliver(events)
    },
  }
  const send = (texts: readonly string[], ports: Partial<ForwardPorts> = {}) =>
    forward(texts, { ...here.ports, peerId: gcp, peer, ...ports })
  const claim = async (id: string, document: { readonly [name: string]: string }) =>
    busText(await here.change(cart(id), document), nothingFits)
  return { here, there, requests, send, claim }
}

describe('on a bus', () => {
  it('a change that fits is itself, one that does not is a small event that names it', async () => {
    const { here } = sites()
    const event = await here.change(cart('a'), { body })
    expect(busText(event, () => true)).toBe(event.text)
    const text = busText(event, nothingFits)
    expect(text.length).toBeLessThan(500)
    expect(readBusMessage(text)).toEqual({
      kind: 'claim',
      text,
      claim: { ...cart('a'), origin: aws, plan: plan.hash, vector: { [aws]: startMs }, hlc: event.change.hlc },
    })
    expect(JSON.parse(text)).toMatchObject({ specversion: '1.0', type: 'sync.claim', subject: 'carts/a' })
  })

  it('the bus decides by its own limit, in bytes', async () => {
    const { here } = sites()
    const event = await here.change(cart('a'), { body: 'ž'.repeat(300) })
    for (const [limit, kind] of [
      [Buffer.byteLength(event.text), 'change'],
      [Buffer.byteLength(event.text) - 1, 'claim'],
    ] as const) {
      const texts: string[] = []
      const bus = new MemoryBus(limit)
      bus.subscribe(text => texts.push(text))
      await bus.connect().publish([event])
      expect(texts.map(text => readBusMessage(text).kind)).toEqual([kind])
    }
  })

  it.each([
    'no json',
    '{"type":"sync.claim"}',
    '{"specversion":"1.0","type":"sync.claim","source":"/sites/a","data":{}}',
  ])('%s is no message, and says so', text => expect(() => readBusMessage(text)).toThrow(ChangeMalformed))
})

describe('forward redeems a claim', () => {
  it('with the present whole state, later writes included', async () => {
    const { here, there, requests, send, claim } = sites()
    const text = await claim('a', { body })
    await here.change(cart('a'), { body, note: 'later' })
    expect(await send([text])).toEqual([done])
    expect(requests.map(events => events.map(({ change }) => change.intervals))).toEqual([[[]]])
    expect(there.document(cart('a'))).toEqual({ body, note: 'later' })
  })

  it('once for several claims of a record, and in one batch with its neighbours where there is room', async () => {
    const { here, there, requests, send, claim } = sites()
    const texts = [await claim('a', { body: 'one' }), await claim('b', { body }), await claim('a', { body: 'two' })]
    const small = await here.change(cart('c'), { body: 'small' })
    expect(await send([...texts, small.text])).toEqual([done, done, done, done])
    expect(requests.map(events => events.map(({ change }) => change.key[0]))).toEqual([['c', 'a', 'b']])
    expect(there.document(cart('a'))).toEqual({ body: 'two' })
  })

  it('alone where the whole state is larger than a batch', async () => {
    const { requests, send, claim } = sites()
    const large = 'y'.repeat(80_000)
    const texts = [await claim('a', { large }), await claim('b', { large })]
    expect(await send(texts)).toEqual([done, done])
    expect(requests.map(({ length }) => length)).toEqual([1, 1])
  })

  it('and has nothing to send where the record was pruned since: its deletion is everywhere', async () => {
    const { here, requests, send, claim } = sites()
    const text = await claim('a', { body })
    here.database.forget(cart('a'))
    expect(await send([text])).toEqual([done])
    expect(requests).toEqual([])
  })

  it('later, while the store throttles; its neighbours go', async () => {
    const { here, there, send, claim } = sites()
    const text = await claim('a', { body })
    const { text: small } = await here.change(cart('b'), { note: 'small' })
    const readRecord = () => Promise.reject(new StoreUnavailable('throttled'))
    expect(await send([text, small], { store: { ...here.store, readRecord } })).toEqual([
      { outcome: 'again', reason: 'the store is unavailable: throttled' },
      done,
    ])
    expect([...here.deadLetters.letters]).toEqual([])
    expect(there.document(cart('b'))).toEqual({ note: 'small' })
  })

  it('never, where the sync record cannot be read: it is put aside, and its neighbours go', async () => {
    const { here, send, claim } = sites()
    const text = await claim('a', { body })
    const { text: small } = await here.change(cart('b'), { note: 'small' })
    const readRecord = () => Promise.reject(new SyntaxError('no JSON'))
    expect(await send([text, small], { store: { ...here.store, readRecord } })).toEqual([done, done])
    expect([...here.deadLetters.letters.values()]).toEqual([
      expect.objectContaining({ kind: 'message', reason: 'SyntaxError: no JSON', text }),
    ])
  })
})
