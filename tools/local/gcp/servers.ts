/**
 * The servers of a Google Cloud site: started here, except those that the environment names. Either way a trigger gets a
 * source of the same shape: our own servers tell it in process, any other is listened to as its clients do.
 */
import { type EndpointVariable, type Environment, replacedEndpoint } from '../replaced-endpoints.ts'
import { type FirestoreServer, startFirestoreServer } from '../servers/firestore/server.ts'
import { type PubSubServer, startPubSubServer } from '../servers/pubsub/pubsub-server.ts'
import { createFirestoreListenSource } from './firestore-listen-source.ts'
import { createPubSubPullSource } from './pubsub-pull-source.ts'

export interface GcpServers {
  /** `127.0.0.1:40201` */
  readonly firestoreHost: string
  readonly pubsubHost: string
  /** What tells a trigger of the writes of the documents that a path pattern names, and maybe of others. */
  writesOf(document: string): Pick<FirestoreServer, 'onWrite'>
  /** What hands a trigger the messages of a subscription. */
  readonly messages: Pick<PubSubServer, 'consume'>
  /** Ends what was started here and nothing else. Stop the triggers first. */
  stop(): Promise<void>
}

export interface GcpServersOptions {
  readonly environment: Environment
  readonly project: string
  readonly onProgress: (text: string) => void
  readonly onLog: (line: string) => void
}

type Firestore = Pick<GcpServers, 'firestoreHost' | 'writesOf' | 'stop'>
type PubSub = Pick<GcpServers, 'pubsubHost' | 'messages' | 'stop'>

export async function startGcpServers(options: GcpServersOptions): Promise<GcpServers> {
  const named = (variable: EndpointVariable) => {
    const host = replacedEndpoint(options.environment, variable)
    if (host !== undefined) options.onProgress(`using ${host} (${variable})`)
    return host
  }
  const [firestoreNamed, pubsubNamed] = [named('FIRESTORE_EMULATOR_HOST'), named('PUBSUB_EMULATOR_HOST')]
  const [firestore, pubsub] = await Promise.all([
    firestoreNamed === undefined ? startFirestore() : firestoreAt(firestoreNamed, options),
    pubsubNamed === undefined ? startPubSub() : pubsubAt(pubsubNamed, options),
  ])
  return {
    ...firestore,
    ...pubsub,
    async stop() {
      await Promise.all([firestore.stop(), pubsub.stop()])
    },
  }
}

async function startFirestore(): Promise<Firestore> {
  const server = await startFirestoreServer()
  return { firestoreHost: server.host, writesOf: () => server, stop: () => server.stop() }
}

function firestoreAt(host: string, { project, onLog }: GcpServersOptions): Firestore {
  return {
    firestoreHost: host,
    writesOf: document => {
      const collections = document.split('/').slice(0, -1)
      const collection = collections.at(-1) ?? ''
      return createFirestoreListenSource({ host, project, collection, anywhere: collections.length > 1, onLog })
    },
    async stop() {},
  }
}

async function startPubSub(): Promise<PubSub> {
  const server = await startPubSubServer()
  return { pubsubHost: server.host, messages: server, stop: () => server.stop() }
}

function pubsubAt(named: string, { project, onLog }: GcpServersOptions): PubSub {
  // The official client takes a URL too.
  const host = named.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  const source = createPubSubPullSource({ host, project, onLog })
  return { pubsubHost: host, messages: source, stop: () => source.stop() }
}
