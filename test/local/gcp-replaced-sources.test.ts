/**
 * The triggers' sources for a Firestore and a Pub/Sub that are not ours. Here our own servers stand in for them, reached
 * through their ports only, with a way to break the connections.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Firestore } from '@google-cloud/firestore'
import { PubSub } from '@google-cloud/pubsub'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createFirestoreListenSource } from '../../tools/local/gcp/firestore-listen-source.ts'
import { ListenBroken, ListenedDocuments, type ListenResponse } from '../../tools/local/gcp/listened-documents.ts'
import { createPubSubPullSource, type PubSubPullSource } from '../../tools/local/gcp/pubsub-pull-source.ts'
import {
  type DocumentWrite,
  type FirestoreServer,
  startFirestoreServer,
} from '../../tools/local/servers/firestore/server.ts'
import { type FirestoreDocument, integerValue } from '../../tools/local/servers/firestore/values.ts'
import { type Delivery, type PubSubServer, startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'

const project = 'local'

/** A wire between a client and a server that can be cut. */
interface Wire {
  readonly host: string
  cut(isCut: boolean): void
  stop(): Promise<void>
}

async function openWire(target: string): Promise<Wire> {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer(incoming => {
    const outgoing = connect(Number(target.split(':')[1]), '127.0.0.1')
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        incoming.destroy()
        outgoing.destroy()
      })
    }
    if (isCut) incoming.destroy()
    else incoming.pipe(outgoing).pipe(incoming)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    host: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    cut(value) {
      isCut = value
      if (value) for (const socket of sockets) socket.destroy()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 10 })

beforeAll(() => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
  // The client would prefer it to the host it is given.
  vi.stubEnv('FIRESTORE_EMULATOR_HOST', undefined)
})

afterAll(() => {
  vi.unstubAllEnvs()
})

describe('writes of a collection, by Listen', () => {
  let server: FirestoreServer
  let wire: Wire
  let firestore: Firestore
  let logged: string[]
  let stops: (() => void)[]

  beforeAll(async () => {
    server = await startFirestoreServer()
    wire = await openWire(server.host)
    firestore = new Firestore({ projectId: project, host: server.host, ssl: false })
  })

  beforeEach(() => {
    logged = []
    stops = []
    return () => {
      for (const stop of stops) stop()
    }
  })

  afterAll(async () => {
    await firestore.terminate()
    await wire.stop()
    await server.stop()
  })

  function listen(collection: string, host = wire.host): DocumentWrite[] {
    const heard: DocumentWrite[] = []
    const source = createFirestoreListenSource({ host, project, collection, onLog: line => logged.push(line) })
    stops.push(source.onWrite(write => heard.push(write)))
    return heard
  }

  /** What our own server tells its triggers in process: the same writes should arrive by Listen. */
  function tapped(collection: string): DocumentWrite[] {
    const told: DocumentWrite[] = []
    const prefix = `projects/${project}/databases/(default)/documents/${collection}/`
    stops.push(server.onWrite(write => write.name.startsWith(prefix) && told.push(write)))
    return told
  }

  const inShort = (writes: readonly DocumentWrite[]) =>
    writes.map(({ name, before, after }) => {
      const value = (document: FirestoreDocument | undefined) => document && Object.values(document.fields)[0]
      return [name.split('/').at(-1), value(before), value(after)]
    })
  const n = (value: number) => integerValue(BigInt(value))

  test('each is told as it would be in process, with its images before and after', async () => {
    const told = tapped('values')
    const heard = listen('values')
    const document = firestore.doc('values/alice')
    await document.set({ text: 'ä', list: [1, 2.5, null], bytes: Buffer.from([0, 255]), inner: { at: new Date(0) } })
    await eventually(() => expect(heard).toHaveLength(1))
    await document.update({ 'inner.at': 'later' })
    await eventually(() => expect(heard).toHaveLength(2))
    await document.delete()
    await eventually(() => expect(heard).toHaveLength(3))
    expect(heard.slice(0, 2)).toEqual(told.slice(0, 2))
    expect({ ...heard[2], commitTime: told[2]?.commitTime }).toEqual(told[2])
    expect(logged).toEqual([])
  })

  test('only its own collection is told, not one below a document of it', async () => {
    const heard = listen('only')
    await firestore.doc('others/a').set({ n: 1 })
    await firestore.doc('only/a/only/b').set({ n: 2 })
    await firestore.doc('only/c').set({ n: 3 })
    await eventually(() => expect(inShort(heard)).toEqual([['c', undefined, n(3)]]))
  })

  test('what is there at the beginning counts as just written', async () => {
    await firestore.doc('early/a').set({ n: 1 })
    const heard = listen('early')
    await eventually(() => expect(inShort(heard)).toEqual([['a', undefined, n(1)]]))
  })

  test('what happens while the connection is broken is told when it is back, and nothing twice', async () => {
    const heard = listen('broken')
    for (const id of ['same', 'changed', 'deleted', 'again']) await firestore.doc(`broken/${id}`).set({ n: 1 })
    await eventually(() => expect(heard).toHaveLength(4))
    heard.length = 0

    wire.cut(true)
    await firestore.doc('broken/created').set({ n: 2 })
    await firestore.doc('broken/changed').set({ n: 2 })
    await firestore.doc('broken/changed').set({ n: 3 })
    await firestore.doc('broken/deleted').delete()
    await firestore.doc('broken/again').delete()
    await firestore.doc('broken/again').set({ n: 4 })
    expect(heard).toEqual([])
    wire.cut(false)
    await eventually(() => expect(heard).toHaveLength(4))
    expect(inShort(heard).sort()).toEqual([
      ['again', n(1), n(4)],
      ['changed', n(1), n(3)],
      ['created', undefined, n(2)],
      ['deleted', n(1), undefined],
    ])
    expect(logged).toEqual([expect.stringContaining('listening to broken')])

    await firestore.doc('broken/same').set({ n: 5 })
    await eventually(() => expect(heard).toHaveLength(5))
    expect(inShort(heard.slice(4))).toEqual([['same', n(1), n(5)]])
  })

  test('a server that is started after its listener is found', async () => {
    const gone = await startFirestoreServer()
    await gone.stop()
    const heard = listen('late', gone.host)
    await eventually(() => expect(logged).toHaveLength(1))
    const back = await startFirestoreServer({ port: Number(gone.host.split(':')[1]) })
    const client = new Firestore({ projectId: project, host: back.host, ssl: false })
    await client.doc('late/a').set({ n: 1 })
    await eventually(() => expect(inShort(heard)).toEqual([['a', undefined, n(1)]]))
    await client.terminate()
    await back.stop()
  })
})

describe('what Listen may answer besides', () => {
  const time = { seconds: '1', nanos: 0 }
  const document = (name: string): FirestoreDocument => ({ name, fields: {}, createTime: time, updateTime: time })
  const change = (name: string): ListenResponse => ({
    responseType: 'documentChange',
    documentChange: { document: document(name) },
  })
  const target = (targetChangeType: 'CURRENT' | 'RESET' | 'REMOVE'): ListenResponse => ({
    responseType: 'targetChange',
    targetChange: { targetChangeType, cause: { message: 'no index' }, readTime: time },
  })
  const filter = (count: number): ListenResponse => ({ responseType: 'filter', filter: { count } })

  function documentsAfter(...responses: readonly ListenResponse[]): ListenedDocuments {
    const documents = new ListenedDocuments()
    documents.restart()
    for (const response of responses) documents.take(response)
    return documents
  }

  test('after a reset, only what is missing from the new list was deleted', () => {
    const documents = documentsAfter(change('a'), change('b'), target('CURRENT'), target('RESET'))
    expect(documents.take(change('b'))).toEqual([])
    expect(documents.take(target('CURRENT'))).toEqual([
      { name: 'a', before: document('a'), after: undefined, commitTime: time },
    ])
  })

  test('a count that differs, or a target that is taken away, breaks the stream', () => {
    const documents = documentsAfter(change('a'), change('b'), target('CURRENT'))
    expect(documents.take(filter(2))).toEqual([])
    expect(() => documents.take(filter(1))).toThrow(ListenBroken)
    expect(() => documents.take(target('REMOVE'))).toThrow('no index')
  })
})

describe('messages of a subscription, by streaming pull', () => {
  let server: PubSubServer
  let wire: Wire
  let pubsub: PubSub
  let source: PubSubPullSource
  let logged: string[]
  let name: string
  let names = 0

  beforeAll(async () => {
    server = await startPubSubServer()
    wire = await openWire(server.host)
    pubsub = new PubSub({ projectId: project, apiEndpoint: server.host })
  })

  beforeEach(async () => {
    logged = []
    source = createPubSubPullSource({ host: wire.host, project, onLog: line => logged.push(line) })
    names += 1
    name = `projects/${project}/subscriptions/forward-${names}`
    await pubsub.createTopic(`changes-${names}`)
    return () => source.stop()
  })

  afterAll(async () => {
    await pubsub.close()
    await wire.stop()
    await server.stop()
  })

  const subscribe = () =>
    pubsub.topic(`changes-${names}`).createSubscription(name, {
      ackDeadlineSeconds: 600,
      retryPolicy: { minimumBackoff: { nanos: 50_000_000 }, maximumBackoff: { seconds: 1 } },
    })

  const publish = (text: string, attributes: Record<string, string> = {}) =>
    pubsub
      .topic(`changes-${names}`, { batching: { maxMilliseconds: 1 } })
      .publishMessage({ data: Buffer.from(text), attributes })

  function consume(settle: (delivery: Delivery) => void, from = source) {
    const delivered: Delivery[] = []
    const stop = from.consume(name, { maxInFlight: 5 }, delivery => {
      delivered.push(delivery)
      settle(delivery)
    })
    return { delivered, stop, texts: () => delivered.map(({ message }) => message.data.toString()) }
  }

  test('a message comes as it does in process; handed back it comes again, acknowledged it does not', async () => {
    await subscribe()
    let attempts = 0
    const { delivered } = consume(delivery => {
      attempts += 1
      if (attempts < 3) delivery.nack()
      else delivery.ack()
    })
    const messageId = await publish('{"sku":"ä"}', { origin: 'gcp-us-central1' })
    await eventually(() => expect(delivered).toHaveLength(3))
    expect(delivered[0]).toMatchObject({
      message: {
        messageId,
        data: Buffer.from('{"sku":"ä"}'),
        attributes: { origin: 'gcp-us-central1' },
        orderingKey: '',
        publishTimeMs: expect.closeTo(Date.now(), -5),
      },
      deliveryAttempt: 1,
    })
    await source.stop()
    const others = await leftOver()
    expect(others).toEqual([])
  })

  test('what is acknowledged after the stop counts; what comes later waits for the next consumer', async () => {
    await subscribe()
    const { delivered, stop, texts } = consume(() => {})
    await publish('before')
    await eventually(() => expect(delivered).toHaveLength(1))
    stop()
    await publish('after')
    delivered[0]?.ack()
    await source.stop()
    expect(texts()).toEqual(['before'])
    expect(await leftOver()).toEqual(['after'])
  })

  test('a broken connection is taken up again', async () => {
    await subscribe()
    const { texts } = consume(delivery => delivery.ack())
    await publish('one')
    await eventually(() => expect(texts()).toEqual(['one']))
    wire.cut(true)
    await publish('two')
    wire.cut(false)
    await eventually(() => expect(texts()).toEqual(['one', 'two']))
  })

  test('a subscription that is not there yet is asked for again', async () => {
    const { texts } = consume(delivery => delivery.ack())
    await eventually(() => expect(logged.length).toBeGreaterThan(0))
    await subscribe()
    await publish('one')
    await eventually(() => expect(texts()).toEqual(['one']))
  })

  /** What the subscription still holds, as another consumer finds it within half a second. */
  async function leftOver(): Promise<readonly string[]> {
    const next = createPubSubPullSource({ host: server.host, project, onLog: () => {} })
    const { texts } = consume(delivery => delivery.ack(), next)
    await new Promise(resume => setTimeout(resume, 500))
    await next.stop()
    return texts()
  }
})
