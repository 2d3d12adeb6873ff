/** A status that moved twice before anybody looked: both steps count where the events prove them, and are never made up. */
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { stepsIn as stepsInDynamoDb } from '../../functions/aws/steps-in.ts'
import { stepsIn as stepsInCosmos } from '../../functions/azure/steps-in.ts'
import { defineSync, eventLog, home } from '../../shared/declare/index.ts'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { type Step, versionsBetween } from '../../shared/replicate/steps.ts'
import { MemorySite, settle } from './memory-site.ts'

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((status): Document => ({ status }))
const step = (before: Document | undefined, after: Document | undefined): Step => ({ before, after })

describe('the versions between the known document and the present one', () => {
  it.each<[string, readonly Step[], Document | undefined, Document | undefined, readonly (Document | undefined)[]]>([
    ['are told by a whole chain', [step(a, b), step(b, c), step(c, d)], a, d, [b, c]],
    ['begin where the known one was left last', [step(a, b), step(b, a), step(a, c), step(c, d)], a, d, [c]],
    ['may begin with a creation', [step(undefined, a), step(a, b)], undefined, b, [a]],
    ['leave out a time without a document', [step(a, undefined), step(undefined, b), step(b, c)], a, c, [b]],
    ['are none after a single write', [step(a, b)], a, b, []],
    ['are unknown without the first write', [step(b, c), step(c, d)], a, d, []],
    ['are unknown without one in the middle', [step(a, b), step(c, d)], a, d, []],
    ['are unknown before the last write is told', [step(a, b), step(b, c)], a, d, []],
    ['are unknown if the events are old', [step(a, b), step(b, c)], a, d, []],
    ['are unknown if a write is told twice', [step(a, b), step(a, b), step(b, c), step(b, c)], a, c, []],
    ['are unknown without any event', [], a, b, []],
  ])('%s', (_, steps, known, present, expected) => {
    expect(versionsBetween(() => steps, documentHash(known), present)).toEqual(expected)
  })

  it('are unknown if one of them cannot be carried', () => {
    const tell = () => {
      throw new ValueRefused({ type: 'orders', key: ['o'] }, ['n'], 'too large')
    }
    expect(versionsBetween(tell, documentHash(a), b)).toEqual([])
    expect(versionsBetween(undefined, documentHash(a), b)).toEqual([])
  })
})

const machine = {
  initial: 'pending',
  transitions: { pending: ['approved'], approved: ['shipped'], shipped: [] },
}
const plan = defineSync({
  sites: {
    here: { cloud: 'aws', region: 'x' },
    there: { cloud: 'gcp', region: 'x' },
    yonder: { cloud: 'azure', region: 'x' },
  },
  data: {
    orders: {
      key: ['id'],
      merge: eventLog(machine, { status: 'status', settled: 'settled', decide: home({ at: 'there' }) }),
    },
    payments: {
      key: ['id'],
      merge: eventLog(machine, { status: 'status', entries: 'events', decide: home({ at: 'there' }) }),
    },
  },
})
const [type] = plan.types
if (!type) throw new Error('no type')

describe('through the flows', () => {
  const order = { type: 'orders', key: ['o'] }
  const open = async () => {
    const sites = plan.sites.map(({ id }) => new MemorySite(plan, id))
    const [here] = sites
    if (!here) throw new Error('no site')
    here.write(order, { customer: 'ann' })
    await settle(sites)
    return { sites, here, known: here.document(order) }
  }
  const shown = (sites: readonly MemorySite[]) => sites.map(site => site.document(order)?.settled)

  it('each step is an event of its own, and the jump is legal', async () => {
    const { sites, here, known } = await open()
    const [approved, shipped] = ['approved', 'shipped'].map(status => ({ ...known, status }))
    here.write(order, approved)
    here.write(order, shipped)
    const steps = () => [step(known, approved), step(approved, shipped)]
    expect(await capture(order, { ...here.ports, steps })).toBe('captured')
    await settle(sites)
    expect(shown(sites)).toEqual(['shipped', 'shipped', 'shipped'])
  })

  it('without them it is one event, and the machine has the last word', async () => {
    const { sites, here, known } = await open()
    here.write(order, { ...known, status: 'approved' })
    here.write(order, { ...known, status: 'shipped' })
    await settle(sites)
    expect(shown(sites)).toEqual(['pending', 'pending', 'pending'])
  })

  it('what was wrong in between is no event: a status that is no text, an entry that leads nowhere', async () => {
    const { sites, here, known } = await open()
    const wrong = { ...known, status: 7 }
    const right = { ...known, status: 'approved' }
    here.write(order, right)
    await capture(order, { ...here.ports, steps: () => [step(known, wrong), step(wrong, right)] })
    const payment = { type: 'payments', key: ['p'] }
    const half = { events: { e: { note: 'half' } } }
    const whole = { events: { e: { to: 'approved' } } }
    here.write(payment, whole)
    await capture(payment, { ...here.ports, steps: () => [step(undefined, half), step(half, whole)] })
    await settle(sites)
    expect(shown(sites)).toEqual(['approved', 'approved', 'approved'])
    expect(sites.map(site => site.document(payment)?.status)).toEqual(['approved', 'approved', 'approved'])
  })

  it('an entry that was taken out again before anybody looked is there all the same', async () => {
    const { sites, here } = await open()
    const payment = { type: 'payments', key: ['p'] }
    here.write(payment, {})
    await settle(sites)
    const known = here.document(payment)
    const added = { ...known, events: { e: { to: 'approved', status: 'requested' } } }
    const gone = { ...known, note: 'never mind' }
    here.write(payment, gone)
    await capture(payment, { ...here.ports, steps: () => [step(known, added), step(added, gone)] })
    await settle(sites)
    expect(sites.map(site => site.document(payment)?.status)).toEqual(['approved', 'approved', 'approved'])
  })
})

describe('the images of a DynamoDB stream', () => {
  const ref = { type: 'orders', key: ['tea'] }
  const Keys = { id: { S: 'tea' } }
  const image = (status: string) => ({ ...Keys, status: { S: status }, b: { B: 'AQI=' } })
  const record = (OldImage: object | undefined, NewImage: object | undefined, keys: object = Keys) => ({
    eventName: OldImage ? (NewImage ? 'MODIFY' : 'REMOVE') : 'INSERT',
    eventSourceARN: 'arn:aws:dynamodb:x:0:table/orders/stream/1',
    dynamodb: { Keys: keys, ...(OldImage && { OldImage }), ...(NewImage && { NewImage }) },
  })
  const document = (status: string) => ({ status, b: { $bytes: 'AQI=' } })

  it('tell each write of the record', () => {
    const Records = [
      record(undefined, image('a')),
      record(undefined, image('x'), { id: { S: 'mug' } }),
      record(image('a'), image('b')),
      record(image('b'), undefined),
    ]
    expect([...stepsInDynamoDb({ Records } as unknown as DynamoDBStreamEvent, ref, type)]).toEqual([
      { before: undefined, after: document('a') },
      { before: document('a'), after: document('b') },
      { before: document('b'), after: undefined },
    ])
  })

  it('tell nothing through a Kinesis stream, which may turn them round', () => {
    const data = Buffer.from(JSON.stringify({ tableName: 'orders', ...record(image('a'), image('b')) }))
    const event = { Records: [{ kinesis: { data: data.toString('base64') } }] } as unknown as KinesisStreamEvent
    expect([...stepsInDynamoDb(event, ref, type)]).toEqual([])
  })
})

describe('a Cosmos change feed of all versions', () => {
  const ref = { type: 'orders', key: ['tea'] }
  const item = (status: string) => ({ id: 'tea', status, _etag: 'x', _ts: 1 })
  const change = (operationType: string, current?: object, previous?: object) => ({
    current: current ?? {},
    ...(previous && { previous }),
    metadata: { operationType, id: 'tea', partitionKey: { id: 'tea' } },
  })

  it('tells each write whose version before it carries', () => {
    const feed = [
      change('create', item('a')),
      change('replace', item('b'), item('a')),
      change('delete', undefined, item('b')),
      change('replace', item('c')),
    ]
    expect([...stepsInCosmos(feed, ref, type)]).toEqual([
      { before: undefined, after: { status: 'a' } },
      { before: { status: 'a' }, after: { status: 'b' } },
      { before: { status: 'b' }, after: undefined },
    ])
    expect([...stepsInCosmos(feed, { ...ref, key: ['mug'] }, type)]).toEqual([])
  })
})
