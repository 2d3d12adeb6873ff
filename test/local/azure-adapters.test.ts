/** The bus, the audit store, the dead letters and the change feed of an Azure site, as the flows use them. */
import type { CosmosClient } from '@azure/cosmos'
import type { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { auditContainer, createCosmosAuditStore } from '../../functions/azure/audit-store.ts'
import { createQueueBus } from '../../functions/azure/bus.ts'
import { createCosmosClient } from '../../functions/azure/cosmos-client.ts'
import { createQueueDeadLetters } from '../../functions/azure/dead-letters.ts'
import { hintsIn, versionsIn } from '../../functions/azure/feed-events.ts'
import {
  type ForwardMessage,
  fitsQueue,
  nextMessage,
  readMessage,
  writeMessage,
} from '../../functions/azure/forward-message.ts'
import { retryDelayFrom, retryDelayS, sendAgain } from '../../functions/azure/forward-queue.ts'
import { placeOf } from '../../functions/azure/item-place.ts'
import { messageBytesMax } from '../../functions/azure/message-bytes.ts'
import { unpackText } from '../../functions/azure/packed-text.ts'
import { createQueueService } from '../../functions/azure/queue-client.ts'
import { createCosmosRecordStore } from '../../functions/azure/record-store.ts'
import { syncItemFrom } from '../../functions/azure/sync-item.ts'
import { unpackParts } from '../../functions/common/packed-parts.ts'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Peer } from '../../shared/ports/index.ts'
import { openFlowControl } from '../../shared/ports/memory/open-flow-control.ts'
import { auditShard } from '../../shared/replicate/audit-place.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { busText, readBusMessage } from '../../shared/replicate/claim.ts'
import { refusedChange, refusedDocument } from '../../shared/replicate/dead-letter.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { encodeRecord, noRecord } from '../../shared/replicate/sync-record.ts'
import { provisionAzureSite } from '../../tools/local/azure/provision.ts'
import { randomText } from '../random-text.ts'
import { type AzureAccount, azureSite, startAzureAccount } from './azure-account.ts'
import { createRemoteSite } from './remote-site.ts'

const plan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    [azureSite]: { cloud: 'azure', region: 'eastus' },
  },
  data: {
    articles: { key: ['article_id'], merge: register() },
    lines: { key: ['order_id', 'line_id'], merge: fields() },
    // May not be at Google.
    patients: { key: ['patient_id'], merge: register(), sites: [azureSite, 'aws-us-east-1'] },
  },
})
const here = createHere(plan, azureSite)
const typeOf = (name: string): TypePlan => {
  const type = plan.types.find(candidate => candidate.name === name)
  if (!type) throw new Error(`no type ${name}`)
  return type
}

let account: AzureAccount
let client: CosmosClient
let queues: QueueServiceClient

beforeAll(async () => {
  account = await startAzureAccount(plan)
  client = createCosmosClient(account.cosmosConnection)
  queues = createQueueService(account.azurite.connectionString)
})
afterAll(async () => {
  client.dispose()
  await account.stop()
})
afterEach(async () => {
  for await (const { name } of account.queues.listQueues()) await account.queues.getQueueClient(name).clearMessages()
})

const clock = { now: () => Date.now(), sleep: () => Promise.resolve() }
const noDeadLetters = { put: ({ reason }: { reason: string }) => Promise.reject(new Error(reason)) }
const azure = createRemoteSite(plan, azureSite)

async function eventOf(ref: RecordRef, text: string): Promise<ChangeEvent> {
  const [event] = await azure.write(ref, { text })
  if (!event) throw new Error('a write makes an event')
  return event
}

test('provisioning again changes nothing', async () => {
  await account.container('articles').items.create({ id: 'kept', article_id: 'kept' })
  const { cosmosConnection } = account
  const storageConnection = account.azurite.connectionString
  await provisionAzureSite({ plan, site: azureSite, cosmosConnection, storageConnection })
  expect((await account.container('articles').item('kept', 'kept').read()).statusCode).toBe(200)
  const names: string[] = []
  for await (const { name } of account.queues.listQueues()) names.push(name)
  expect(names.sort()).toEqual([
    'tributary-dead-letters',
    'tributary-forward-aws-us-east-1',
    'tributary-forward-gcp-us-central1',
  ])
})

describe('the bus', () => {
  const toAws = 'tributary-forward-aws-us-east-1'
  const toGcp = 'tributary-forward-gcp-us-central1'

  test('gives every peer that may hold a type the event as it was written, for as long as it takes', async () => {
    const article = await eventOf({ type: 'articles', key: ['a'] }, 'ž🐎')
    const patient = await eventOf({ type: 'patients', key: ['p'] }, 'private')
    await createQueueBus(queues, here).publish([article, patient])

    expect(await messagesOf(toAws)).toEqual([{ attempts: 0, events: [article.text, patient.text] }])
    expect(await messagesOf(toGcp)).toEqual([{ attempts: 0, events: [article.text] }])
    const { peekedMessageItems } = await account.queues.getQueueClient(toAws).peekMessages()
    expect(peekedMessageItems[0]?.expiresOn.getFullYear()).toBe(9999)
  })

  const messagesOf = async (queue: string) =>
    (await account.messagesIn(queue)).map(text => readMessage(JSON.parse(text)))

  test('puts into a message as many events as it holds, each once and in their order', async () => {
    const event = await eventOf({ type: 'articles', key: ['a'] }, 'x')
    const sized = (bytes: number, index: number) => ({ ...event, text: `${index} ${'"ž'.repeat(bytes / 4)}` })
    const large = Array.from({ length: 12 }, (_, index) => sized(9_000, index))
    await createQueueBus(queues, here).publish(large)
    const messages = await account.messagesIn(toAws)
    expect(messages.every(text => Buffer.byteLength(text) <= messageBytesMax)).toBe(true)
    const events = (await messagesOf(toAws)).map(({ events }) => events)
    // Quotes take two bytes in a text: five of these events to a message.
    expect(events.map(({ length }) => length)).toEqual([5, 5, 2])
    expect(events.flat().sort()).toEqual(large.map(({ text }) => text).sort())

    const small = Array.from({ length: 2 * batchChangesMax + 1 }, (_, index) => sized(40, index))
    await createQueueBus(queues, here).publish(small)
    expect((await messagesOf(toGcp)).map(({ events }) => events.length).sort()).toEqual([1, 100, 100, 2, 5, 5])
  })

  test('sends an event that no message can hold as a claim, which forward redeems with the whole state', async () => {
    const ref: RecordRef = { type: 'articles', key: ['large'] }
    const text = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join('ž')
    await account.container('articles').items.upsert({ id: 'large', article_id: 'large', text })
    const store = createCosmosRecordStore({ client, here })
    await capture(ref, { here, clock, store, deadLetters: noDeadLetters })
    const stored = await store.readRecord(ref)
    const version = { ref, text: encodeRecord(stored?.record ?? noRecord), previous: undefined }
    const audit = createCosmosAuditStore(auditContainer(client))
    await publish([version], { here, clock, audit, bus: createQueueBus(queues, here), deadLetters: noDeadLetters })

    const [message = ''] = await account.messagesIn(toAws)
    expect(Buffer.byteLength(message)).toBeLessThan(1_000)
    const { events } = readMessage(JSON.parse(message))
    expect(readBusMessage(events[0] ?? '')).toMatchObject({ kind: 'claim', claim: { ...ref, origin: azureSite } })
    const aws = createRemoteSite(plan, 'aws-us-east-1')
    const peer: Peer = {
      deliver: events =>
        ingest(
          events.map(({ change }) => change),
          azureSite,
          aws,
        ),
    }
    const ports = {
      here,
      peerId: 'aws-us-east-1',
      peer,
      clock,
      store,
      deadLetters: noDeadLetters,
      flow: openFlowControl,
    }
    expect(await forward(events, ports)).toEqual([{ outcome: 'done' }])
    expect(aws.document(ref)).toEqual({ text })
  })

  test('a message that was sent once fits however often it is sent again', async () => {
    const room = messageBytesMax - Buffer.byteLength(writeMessage({ attempts: 99, events: [''] }))
    const event = await eventOf({ type: 'articles', key: ['b'] }, 'x')
    const sized = (bytes: number) => ({ ...event, text: 'x'.repeat(bytes) })
    expect(readBusMessage(busText(sized(room + 1), fitsQueue)).kind).toBe('claim')
    let message: ForwardMessage = { attempts: 0, events: [busText(sized(room), fitsQueue)] }
    expect(message.events).toEqual([sized(room).text])
    for (let attempt = 0; attempt < 200; attempt++) message = nextMessage(message)
    await sendAgain(account.queues.getQueueClient(toAws), message, 0)
    expect(await account.messagesIn(toAws)).toHaveLength(1)
  })

  test('a message waits for its next attempt, longer each time, up to a minute', async () => {
    const queue = account.queues.getQueueClient(toAws)
    await sendAgain(queue, { attempts: 0, events: ['{}'] }, 1_000)
    expect((await queue.receiveMessages()).receivedMessageItems).toEqual([])
    await expect.poll(() => account.messagesIn(toAws), { timeout: 5_000 }).toEqual(['{"attempts":1,"events":["{}"]}'])

    const usual = retryDelayFrom({})
    expect([0, 1, 2, 3, 4, 5, 6, 99].map(attempts => retryDelayS(attempts, usual))).toEqual([
      1, 2, 4, 8, 16, 32, 60, 60,
    ])
    const none = retryDelayFrom({ TRIBUTARY_RETRY_DELAY_MS: '0' })
    expect([0, 99].map(attempts => retryDelayS(attempts, none))).toEqual([0, 0])
    expect(() => retryDelayFrom({ TRIBUTARY_RETRY_DELAY_MS: 'soon' })).toThrow('TRIBUTARY_RETRY_DELAY_MS')
  })

  test.each([
    ['text that is no message', 'hello', 'hello'],
    ['what the library parsed, but is no message', { some: 'object' }, '{"some":"object"}'],
    ['an event without an envelope', '{"specversion":"1.0"}', '{"specversion":"1.0"}'],
  ])('%s is handed on as an event, so that forward puts it aside', (_, entry, event) => {
    expect(readMessage(entry)).toEqual({ attempts: 0, events: [event] })
  })

  test('a message from when each held one event is read', () => {
    expect(readMessage({ attempts: 3, event: '{}' })).toEqual({ attempts: 3, events: ['{}'] })
  })
})

describe('the audit store', () => {
  const resolution = (id: string, local: string): Resolution => ({
    ...{ id, site: azureSite, type: 'articles', key: ['a'], origin: 'aws-us-east-1', from: 0, to: 1, atMs: 5 },
    vectors: { local: {}, remote: {}, merged: {} },
    clocks: { local: 0, remote: 0 },
    local: { text: local },
    arbitrations: [],
  })
  const entries = async () => (await account.container('tributary-audit').items.readAll().fetchAll()).resources

  const shard = auditShard({ type: 'articles', key: ['a'] })

  test('keeps a resolution once, in the shard of its record, for 90 days', async () => {
    const audit = createCosmosAuditStore(auditContainer(client))
    await audit.put([resolution('one', 'lost'), resolution('two', 'lost too')])
    await audit.put([resolution('one', 'lost')])
    const stored = (await entries()).sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))
    expect(stored).toMatchObject([
      { entry: resolution('one', 'lost'), ttl: 90 * 86_400 },
      { entry: resolution('two', 'lost too'), ttl: 90 * 86_400 },
    ])
    const { resource } = await account.container('tributary-audit').item('one', shard).read()
    expect(resource).toMatchObject({ entry: resolution('one', 'lost'), record: 'articles#a', rules: ['merged'] })
  })

  test('keeps one that is larger than an item, whole', async () => {
    const large = resolution('large', 'word '.repeat(600_000))
    await createCosmosAuditStore(auditContainer(client)).put([large])
    const { resource } = await account.container('tributary-audit').item('large', shard).read()
    expect(resource).toMatchObject({ origin: 'aws-us-east-1', packed: expect.any(String) })
    expect(JSON.parse(await unpackText(resource.packed))).toEqual(large)
  })

  test('keeps one that is larger than an item even when compressed, in several', async () => {
    const large: Resolution = {
      ...resolution('huge', randomText(1_200_000, 1)),
      remote: { text: randomText(1_200_000, 2) },
    }
    await createCosmosAuditStore(auditContainer(client)).put([large])
    const parts = (await entries()).filter(({ id }) => String(id).startsWith('huge')).sort((a, b) => a.part - b.part)
    expect(parts.map(({ id, of }) => [id, of])).toEqual([
      ['huge', undefined],
      ['huge.1', 'huge'],
    ])
    expect(JSON.parse(await unpackParts(parts.map(({ packed }) => Buffer.from(packed, 'base64'))))).toEqual(large)
  })
})

describe('the dead letters', () => {
  const put = (letter: Parameters<ReturnType<typeof createQueueDeadLetters>['put']>[0]) =>
    createQueueDeadLetters(queues, auditContainer(client)).put(letter)

  test('keep a letter until an operator takes it', async () => {
    const ref: RecordRef = { type: 'articles', key: ['a'] }
    const letter = refusedDocument({ site: azureSite, ref, field: 'price', reason: 'not a number', atMs: 5 })
    await put(letter)
    expect((await account.messagesIn('tributary-dead-letters')).map(text => JSON.parse(text))).toEqual([letter])
    const { peekedMessageItems } = await account.queues.getQueueClient('tributary-dead-letters').peekMessages()
    expect(peekedMessageItems[0]?.expiresOn.getFullYear()).toBe(9999)
  })

  test('keep a change that is larger than a message whole, and say where', async () => {
    const event = await eventOf({ type: 'articles', key: ['c'] }, 'word '.repeat(500_000))
    const reason = 'refused '.repeat(1_000)
    const letter = refusedChange(event, { site: azureSite, peer: 'aws-us-east-1', reason, attempts: 4, atMs: 5 })
    await put(letter)
    const [message = ''] = await account.messagesIn('tributary-dead-letters')
    const { stored, ...reference } = JSON.parse(message)
    expect(reference).toEqual({
      kind: 'change',
      id: letter.id,
      site: azureSite,
      reason: reason.slice(0, 1_000),
      atMs: 5,
    })
    const { resource } = await account.container(stored.container).item(stored.id, stored.shard).read()
    expect(resource.ttl).toBe(-1)
    expect(JSON.parse(await unpackText(resource.packed))).toEqual(letter)
  })
})

describe('the change feed', () => {
  const created = (current: object) => ({ current, metadata: { operationType: 'create', lsn: 1, crts: 1 } })
  const deleted = (id: string, partitionKey: object) => ({
    current: {},
    metadata: { operationType: 'delete', lsn: 1, crts: 1, id, partitionKey },
  })
  const line = { id: 'o%7C1|l', order_id: 'o|1', line_id: 'l', note: 'x' }
  const lineRef: RecordRef = { type: 'lines', key: ['o|1', 'l'] }
  const sync = (hlc: number) => syncItemFrom(placeOf(lineRef, typeOf('lines')), typeOf('lines'), { ...noRecord, hlc })

  test('tells capture of every document once, also of a deleted one, and nothing of sync records', () => {
    const feed = [
      created(line),
      { ...created({ ...line, note: 'y' }), previous: line },
      created(sync(1)),
      deleted('_tributary|lines|a|b', { order_id: 'a' }),
      deleted('a|b', { order_id: 'a' }),
      { ...deleted('c|d', { order_id: 'c' }), current: null },
    ]
    expect(hintsIn(feed, typeOf('lines'))).toEqual([
      { ref: lineRef },
      { ref: { type: 'lines', key: ['a', 'b'] } },
      { ref: { type: 'lines', key: ['c', 'd'] } },
    ])
  })

  test.each<[string, string, object, string]>([
    ['an id that is not the key', 'articles', { id: 'x', article_id: 'y' }, "ask for the id 'y'"],
    ['a key that is a number', 'articles', { id: '7', article_id: 7 }, 'article_id must be a string'],
    ['another line', 'lines', { id: 'o|l', order_id: 'o', line_id: 'm' }, "ask for the id 'o|m'"],
    ['one key field of two', 'lines', { id: 'o', order_id: 'o' }, 'line_id must be a string'],
    ['an id of ours', 'articles', { id: '_tributary|x', article_id: 'x' }, 'are kept for Tributary'],
  ])('names a document that no other store could find under its key: %s', (_, type, item, reason) => {
    const [hint, ...others] = hintsIn([created(item)], typeOf(type))
    expect(others).toEqual([])
    expect(hint?.misfit).toEqual({ field: 'id', reason: expect.stringContaining(reason) })
    const id = 'id' in item ? String(item.id) : ''
    expect(hintsIn([deleted(id, item)], typeOf(type))).toEqual([])
  })

  test('names a document without its partition key, which is where no record is', () => {
    const [hint] = hintsIn([created({ id: 'x', note: 1 })], typeOf('articles'))
    expect(hint?.misfit).toEqual({ field: 'id', reason: expect.stringContaining('article_id must be a string') })
  })

  test('a misfit does not hide the document whose id it bears in another partition', () => {
    const right = created({ id: 'x', article_id: 'x' })
    const wrong = created({ id: 'x', article_id: 'y' })
    for (const feed of [
      [right, wrong],
      [wrong, right],
    ]) {
      const hints = hintsIn(feed, typeOf('articles'))
      expect(hints.map(({ misfit }) => misfit === undefined).sort()).toEqual([false, true])
    }
  })

  test('tells publish of every version of a sync record, with the one before where the account sends it', () => {
    const [first, second] = [sync(1), sync(2)]
    const textOf = (hlc: number) => encodeRecord({ ...noRecord, hlc })
    const feed = [
      created(line),
      created(first),
      { ...created(second), previous: first },
      created(second),
      { ...created(second), previous: null },
      deleted('_tributary|lines|a|b', { order_id: 'a' }),
      deleted('a|b', { order_id: 'a' }),
      created({ id: '_tributary|lines|c|d', order_id: 'c', mine: true }),
    ]
    expect(versionsIn(feed, typeOf('lines'))).toEqual([
      { ref: lineRef, text: textOf(1), previous: undefined },
      { ref: lineRef, text: textOf(2), previous: textOf(1) },
      { ref: lineRef, text: textOf(2), previous: undefined },
      { ref: lineRef, text: textOf(2), previous: undefined },
    ])
    expect(recordName(lineRef)).toBe('lines#o%7C1|l')
  })
})
