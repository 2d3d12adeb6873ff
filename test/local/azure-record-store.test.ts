/** The Cosmos record store: the contract of all stores, what is peculiar to Cosmos, and what a flow costs. */
import type { CosmosClient } from '@azure/cosmos'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AccountUnsuited } from '../../functions/azure/account-check.ts'
import { createCosmosAuditLog } from '../../functions/azure/audit-log.ts'
import { auditContainer, createCosmosAuditStore } from '../../functions/azure/audit-store.ts'
import { createCosmosControlStore } from '../../functions/azure/control-store.ts'
import { createCosmosClient } from '../../functions/azure/cosmos-client.ts'
import { createCosmosRecordStore } from '../../functions/azure/record-store.ts'
import { createCosmosTombstones } from '../../functions/azure/tombstones.ts'
import { systemClock as clock } from '../../functions/common/system-clock.ts'
import type { Document } from '../../shared/document/json.ts'
import { documentPlace } from '../../shared/place/azure-place.ts'
import { type RecordStore, StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { TellLeft } from '../../shared/replicate/echo.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { noRecord } from '../../shared/replicate/sync-record.ts'
import { describeAuditLog } from '../contracts/audit-log-contract.ts'
import { describeControlStore } from '../contracts/control-store-contract.ts'
import { contractPlan, describeRecordStore, type StoreUnderTest } from '../contracts/record-store-contract.ts'
import { describeTombstones } from '../contracts/tombstones-contract.ts'
import { type AzureAccount, azureSite, startAzureAccount } from './azure-account.ts'
import { type CosmosProxy, type Fault, startCosmosProxy } from './cosmos-proxy.ts'
import { createRemoteSite } from './remote-site.ts'

const here = createHere(contractPlan, azureSite)
const cosmosProperties = ['_rid', '_self', '_etag', '_attachments', '_ts']

const idOf = (ref: RecordRef) => documentPlace(ref, dataTypeOf(here, ref.type).plan).id
const keyFields = ({ type, key }: RecordRef) =>
  type === 'lines' ? { order_id: key[0], line_id: key[1] } : { article_id: key[0] }

describeRecordStore('the Cosmos record store', async (): Promise<StoreUnderTest> => {
  const account = await startAzureAccount(contractPlan)
  const client = createCosmosClient(account.cosmosConnection)
  const itemOf = ({ type, key }: RecordRef) => account.container(type).item(idOf({ type, key }), key[0])
  return {
    store: createCosmosRecordStore({ client, here }),
    application: {
      async put(ref, document) {
        await account.container(ref.type).items.upsert({ ...document, ...keyFields(ref), id: idOf(ref) })
      },
      async patch(ref, fields) {
        const sets = Object.entries(fields).map(([name, value]) => ({ op: 'set' as const, path: `/${name}`, value }))
        await itemOf(ref).patch(sets)
      },
      async remove(ref) {
        await itemOf(ref).delete()
      },
      async read(ref) {
        const { resource } = await itemOf(ref).read<Document & { id: string }>()
        if (!resource) return undefined
        const own = ['id', ...cosmosProperties, ...Object.keys(keyFields(ref))]
        return Object.fromEntries(Object.entries(resource).filter(([name]) => !own.includes(name)))
      },
    },
    async close() {
      client.dispose()
      await account.stop()
    },
  }
})

describeAuditLog('Cosmos', async () => {
  const account = await startAzureAccount(contractPlan)
  const client = createCosmosClient(account.cosmosConnection)
  return {
    audit: createCosmosAuditStore(auditContainer(client)),
    log: createCosmosAuditLog(auditContainer(client)),
    async close() {
      client.dispose()
      await account.stop()
    },
  }
})

describeControlStore('Cosmos', async () => {
  const account = await startAzureAccount(contractPlan)
  const client = createCosmosClient(account.cosmosConnection)
  return {
    control: createCosmosControlStore(client),
    async close() {
      client.dispose()
      await account.stop()
    },
  }
})

describeTombstones('Cosmos', async () => {
  const account = await startAzureAccount(contractPlan)
  const client = createCosmosClient(account.cosmosConnection)
  return {
    store: createCosmosRecordStore({ client, here }),
    tombstones: createCosmosTombstones({ client, here }),
    async close() {
      client.dispose()
      await account.stop()
    },
  }
})

describe('on Cosmos', () => {
  let account: AzureAccount
  let proxy: CosmosProxy
  let client: CosmosClient
  let store: RecordStore

  beforeAll(async () => {
    account = await startAzureAccount(contractPlan)
  })
  afterAll(() => account.stop())
  beforeEach(async () => {
    proxy = await startCosmosProxy(account.server)
    client = createCosmosClient(proxy.connectionString)
    store = createCosmosRecordStore({ client, here })
  })
  afterEach(async () => {
    client.dispose()
    await proxy.stop()
  })

  let articles = 0
  const article = (): RecordRef => ({ type: 'articles', key: [`article-${++articles}`] })
  const write = (ref: RecordRef, item: object) =>
    account.container(ref.type).items.upsert({ ...item, ...keyFields(ref), id: idOf(ref) })
  const commitOf = (ref: RecordRef, after: Document) => ({
    ref,
    record: noRecord,
    expected: undefined,
    document: { read: { document: undefined, revision: 'absent' }, after, indivisible: false, declared: [] },
  })

  describe('a record', () => {
    test('is one item beside the document, in its partition, which a query can leave out', async () => {
      const ref: RecordRef = { type: 'lines', key: ['order|1', 'line/1'] }
      await store.commit(commitOf(ref, { note: 'hello', _tributary: 'the application may use our word' }))
      const { resources } = await account
        .container('lines')
        .items.readAll<Record<string, unknown>>({ partitionKey: 'order|1' })
        .fetchAll()
      const without = (item: Record<string, unknown> | undefined) =>
        Object.fromEntries(Object.entries(item ?? {}).filter(([name]) => !cosmosProperties.includes(name)))
      expect(resources.map(without)).toEqual([
        {
          id: '_tributary|lines|order%7C1|line%2F1',
          order_id: 'order|1',
          _tributary: 1,
          _tributaryRecord: expect.any(String),
          ttl: -1,
        },
        {
          ...{ id: 'order%7C1|line%2F1', order_id: 'order|1', line_id: 'line/1' },
          ...{ note: 'hello', _tributary: 'the application may use our word' },
        },
      ])
    })

    test('is refused by name where an application put an item of its own under our id', async () => {
      const ref = article()
      const id = `_tributary|articles|${ref.key[0]}`
      await account.container('articles').items.create({ id, article_id: ref.key[0], mine: true })
      await expect(store.readRecord(ref)).rejects.toThrow(`articles#${ref.key[0]}: field 'id': ids that start with`)
    })
  })

  describe('what Cosmos or the other stores cannot hold is refused by name', () => {
    const rows: readonly { title: string; ref?: RecordRef; stored?: object; field: string; reason: string }[] = [
      {
        title: 'a key field that contradicts the id',
        ref: { type: 'lines', key: ['order', 'line'] },
        stored: { line_id: 'another' },
        field: 'id',
        reason: `the id is 'order|line', order_id: "order", line_id: "another"; these key fields ask for the id 'order|another'`,
      },
      {
        title: 'half a surrogate pair',
        stored: { list: [{ text: '\ud83d' }] },
        field: 'list.0.text',
        reason: 'surrogate',
      },
      { title: 'a field name with half of one', stored: { map: { '\ud83d': 1 } }, field: 'map', reason: 'surrogate' },
    ]
    test.each(rows)('in a stored document: $title', async ({ ref = article(), stored, field, reason }) => {
      await account.container(ref.type).items.upsert({ ...keyFields(ref), ...stored, id: idOf(ref) })
      await expect(store.readDocument(ref)).rejects.toMatchObject({ name: 'ValueRefused', ref, field })
      await expect(store.readDocument(ref)).rejects.toThrow(reason)
    })

    test.each([
      [['x'.repeat(2049)], 'a partition key on Cosmos DB is at most 2048 bytes'],
      [['ž'.repeat(300), 'ž'.repeat(300)], 'an id of 1201 bytes; Cosmos DB takes 1023'],
    ])('a key: %.20s', async (key, reason) => {
      const ref: RecordRef = { type: key.length === 1 ? 'articles' : 'lines', key }
      await expect(store.readDocument(ref)).rejects.toThrow(reason)
      await expect(store.commit(commitOf(ref, {}))).rejects.toBeInstanceOf(ValueRefused)
    })

    test.each([['x'.repeat(2048)], [' '], ['..'], ['a/b?c#d\\e'], ['_tributary|x'], ['%2F'], ['\u0000']])(
      'but this key is kept: %.20s',
      async part => {
        const ref: RecordRef = { type: 'articles', key: [part] }
        expect(await store.commit(commitOf(ref, { a: 1 }))).toBe('committed')
        expect(await store.readDocument(ref)).toMatchObject({ document: { a: 1 } })
      },
    )

    test.each<[string, Document, string]>([
      ['a key field among the others', { article_id: 'another' }, "field 'article_id'"],
      ['a value that Cosmos gives a meaning', { ttl: 'soon' }, 'Cosmos refuses it with 400'],
      ['a document over 2 MB', { text: 'x'.repeat(2_200_000) }, 'Cosmos refuses it with 413'],
    ])('in a merged document: %s', async (_, document, reason) => {
      const ref = article()
      await expect(store.commit(commitOf(ref, document))).rejects.toThrow(reason)
      await expect(store.commit(commitOf(ref, document))).rejects.toBeInstanceOf(ValueRefused)
      expect(await store.readRecord(ref)).toBeUndefined()
    })
  })

  describe('when Cosmos fails, the change waits, and not for long', () => {
    const faults: readonly Fault[] = [401, 403, 408, 410, 429, 449, 500, 503, 'reset', 'silence']
    test.each(faults)('%s', async fault => {
      const ref = article()
      await write(ref, { a: 1 })
      expect((await store.readDocument(ref)).document).toEqual({ a: 1 })
      for (const what of ['read', 'batch of 2']) {
        proxy.fault = request => (request.what === what ? fault : undefined)
        const startedMs = Date.now()
        const call = what === 'read' ? store.readDocument(ref) : store.commit(commitOf(ref, { a: 2 }))
        await expect(call).rejects.toBeInstanceOf(StoreUnavailable)
        expect(Date.now() - startedMs).toBeLessThan(6_000)
      }
      proxy.fault = () => undefined
      expect((await store.readDocument(ref)).document).toEqual({ a: 1 })
      expect(await store.readRecord(ref)).toBeUndefined()
    })

    test('a request that is throttled once or twice succeeds', async () => {
      const ref = article()
      await write(ref, { a: 1 })
      let throttled = 0
      proxy.fault = ({ what }) => (what === 'read' && throttled++ < 2 ? 429 : undefined)
      expect((await store.readDocument(ref)).document).toEqual({ a: 1 })
    })
  })

  describe('an account whose reads may be stale', () => {
    test.each(['Session', 'ConsistentPrefix', 'Eventual'] as const)(
      'is refused before anything is read: %s',
      async consistency => {
        const weak = await startAzureAccount(contractPlan, { consistency })
        const between = await startCosmosProxy(weak.server)
        const itsClient = createCosmosClient(between.connectionString)
        try {
          const itsStore = createCosmosRecordStore({ client: itsClient, here })
          const ref = article()
          for (const call of [
            itsStore.readRecord(ref),
            itsStore.readDocument(ref),
            itsStore.commit(commitOf(ref, {})),
          ]) {
            await expect(call).rejects.toBeInstanceOf(AccountUnsuited)
          }
          await expect(itsStore.readDocument(ref)).rejects.toThrow(
            new RegExp(`default consistency is ${consistency}.*BoundedStaleness or Strong: az cosmosdb update`),
          )
          expect(Object.keys(between.takeCounts())).toEqual(['account'])
          // The flows let everything wait for it: it is one of the failures of a store.
          await expect(itsStore.readDocument(ref)).rejects.toBeInstanceOf(StoreUnavailable)
        } finally {
          itsClient.dispose()
          await between.stop()
          await weak.stop()
        }
      },
    )

    test('is asked again after a failure, and once only when it answered', async () => {
      proxy.fault = ({ what }) => (what === 'account' ? 503 : undefined)
      await expect(store.readRecord(article())).rejects.toBeInstanceOf(StoreUnavailable)
      proxy.fault = () => undefined
      proxy.takeCounts()
      await Promise.all([store.readRecord(article()), store.readRecord(article())])
      await store.readRecord(article())
      expect(proxy.takeCounts()).toEqual({ account: 1, read: 3 })
    })

    test('is never asked for less than it promises', async () => {
      const ref = article()
      await store.readDocument(ref)
      await store.commit(commitOf(ref, { a: 1 }))
      for (const { headers } of proxy.requests) expect(headers).not.toHaveProperty('x-ms-consistency-level')
    })
  })

  describe('costs, in requests', () => {
    const deadLetters = { put: ({ reason }: { reason: string }) => Promise.reject(new Error(reason)) }
    const aws = createRemoteSite(contractPlan, 'aws-us-east-1')
    const captureOf = (ref: RecordRef, left?: TellLeft) =>
      capture(ref, { here, clock, store, deadLetters, ...(left && { left }) })
    const ingestOf = async (ref: RecordRef, document: Document | undefined) => {
      const changes = (await aws.write(ref, document)).map(({ change }) => change)
      const audit = createCosmosAuditStore(auditContainer(client))
      return ingest(changes, 'aws-us-east-1', { here, clock, store, audit })
    }
    beforeEach(async () => {
      await store.readRecord(article())
      proxy.takeCounts()
    })

    test('capture of a write: 3 reads, 1 write; its repetition: 2 reads', async () => {
      const ref = article()
      await write(ref, { a: 1 })
      expect(await captureOf(ref)).toBe('captured')
      expect(proxy.takeCounts()).toEqual({ read: 3, 'batch of 1': 1 })
      expect(await captureOf(ref)).toBe('unchanged')
      expect(proxy.takeCounts()).toEqual({ read: 2 })
      await account.container('articles').item(idOf(ref), ref.key[0]).delete()
      expect(await captureOf(ref)).toBe('captured')
      expect(proxy.takeCounts()).toEqual({ read: 3, 'batch of 1': 1 })
    })

    test('ingest of a change: 2 reads, 1 batch of 2; its echo: 1 read', async () => {
      const ref = article()
      for (const document of [{ a: 1 }, { a: 2 }, undefined]) {
        expect(await ingestOf(ref, document)).toEqual([{ answer: 'applied' }])
        expect(proxy.takeCounts()).toEqual({ read: 2, 'batch of 2': 1 })
        expect(await captureOf(ref, () => [{ document }])).toBe('unchanged')
        expect(proxy.takeCounts()).toEqual({ read: 1 })
      }
    })

    test('ingest beside a local write that was not captured yet: 4 reads, 2 writes', async () => {
      const ref = article()
      await ingestOf(ref, { a: 1 })
      await write(ref, { a: 'local' })
      proxy.takeCounts()
      expect(await ingestOf(ref, { a: 'remote' })).toEqual([{ answer: 'applied' }])
      const { 'batch of 1': one = 0, 'batch of 2': two = 0, read } = proxy.takeCounts()
      expect({ read, writes: one + two }).toEqual({ read: 4, writes: 2 })
      expect((await store.readRecord(ref))?.record.resolutions).toHaveLength(1)
    })

    test('a race costs what was tried in vain', async () => {
      const ref = article()
      await write(ref, { a: 1 })
      let raced = false
      proxy.fault = ({ what }) => {
        if (what !== 'batch of 1' || raced) return undefined
        raced = true
        return 412
      }
      expect(await captureOf(ref)).toBe('captured')
      expect(proxy.takeCounts()).toEqual({ read: 5, 'batch of 1': 2 })
    })
  })
})
