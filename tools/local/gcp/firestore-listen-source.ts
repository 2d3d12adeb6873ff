/**
 * The writes of one collection in a Firestore that is not ours, for its trigger: through Listen, the only feed that
 * Firestore offers to clients. In the cloud a trigger is fed from the inside; here a stream breaks, and is opened again
 * until the trigger stops (see listened-documents.ts for what is told then).
 *
 * Why not the official client's `onSnapshot`: it gives values of JavaScript, and an event carries the protocol's own.
 */
import { Client, type ClientDuplexStream, credentials, Metadata, status } from '@grpc/grpc-js'
import type { FirestoreServer } from '../servers/firestore/server.ts'
import { firestoreServiceDefinition } from '../servers/firestore/service-definition.ts'
import { ListenBroken, ListenedDocuments, type ListenResponse } from './listened-documents.ts'

const reopenAfterMs = 300

/** gRPC alone would wait up to two minutes for a server that is restarted. */
const channelOptions = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 }

export interface FirestoreListenSourceOptions {
  /** `localhost:8080`, as in `FIRESTORE_EMULATOR_HOST`: without TLS. */
  readonly host: string
  readonly project: string
  /** Id of a collection at the top, or of all those of this id. */
  readonly collection: string
  /** Default false: at the top. */
  readonly anywhere?: boolean
  /** Told once when a stream breaks, not at every attempt. */
  readonly onLog: (line: string) => void
}

/** Every `onWrite` opens a stream of its own; what it returns closes it. */
export function createFirestoreListenSource(options: FirestoreListenSourceOptions): Pick<FirestoreServer, 'onWrite'> {
  return { onWrite: listener => listenTo(options, listener) }
}

function listenTo(
  { host, project, collection, anywhere = false, onLog }: FirestoreListenSourceOptions,
  listener: Parameters<FirestoreServer['onWrite']>[0],
): () => void {
  const client = new Client(host, credentials.createInsecure(), channelOptions)
  const documents = new ListenedDocuments()
  let stopped = false
  let healthy = true
  let call: ListenCall | undefined
  let reopening: NodeJS.Timeout | undefined

  const broken = (reason: string) => {
    if (stopped) return
    if (healthy) onLog(`listening to ${collection} at ${host} was interrupted: ${reason}`)
    healthy = false
    call?.cancel()
    call = undefined
    clearTimeout(reopening)
    reopening = setTimeout(open, reopenAfterMs)
  }
  const open = () => {
    documents.restart()
    const opened = openCall(client, project, { collectionId: collection, allDescendants: anywhere })
    call = opened
    opened.on('data', (response: ListenResponse) => {
      if (call !== opened) return
      healthy = true
      try {
        for (const write of documents.take(response)) listener(write)
      } catch (error) {
        if (!(error instanceof ListenBroken)) throw error
        broken(error.message)
      }
    })
    opened.on('status', ({ code, details }) => call === opened && broken(`${status[code]} ${details}`))
    // The status says the same.
    opened.on('error', () => {})
  }
  open()
  return () => {
    stopped = true
    clearTimeout(reopening)
    call?.cancel()
    client.close()
  }
}

type ListenCall = ClientDuplexStream<object, ListenResponse>

function openCall(client: Client, project: string, from: object): ListenCall {
  const { Listen: method } = firestoreServiceDefinition()
  if (!method) throw new Error('the installed @google-cloud/firestore does not describe Listen')
  const database = `projects/${project}/databases/(default)`
  const metadata = new Metadata()
  metadata.set('google-cloud-resource-prefix', database)
  // The official emulator's way to pass over security rules, as server clients do.
  metadata.set('authorization', 'Bearer owner')
  const call: ListenCall = client.makeBidiStreamRequest(
    method.path,
    method.requestSerialize,
    method.responseDeserialize,
    metadata,
  )
  const query = { parent: `${database}/documents`, structuredQuery: { from: [from] } }
  call.write({ database, addTarget: { targetId: 1, query } })
  return call
}
