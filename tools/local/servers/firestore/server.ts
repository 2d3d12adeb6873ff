/**
 * Firestore on this machine, in memory, for the official clients: point `FIRESTORE_EMULATOR_HOST` at `host`.
 *
 * Why ours: the emulator that installs from npm accepts a stale `lastUpdateTime`, applies batches in part and loses
 * updates of concurrent transactions, the very things that replication stands on. This one keeps what the cloud
 * promises: atomic commits, every precondition, serializable transactions, queries, listeners. It leaves out security
 * rules, errors about missing indexes, vector search, pipelines, and locks (its transactions are optimistic).
 */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { DocumentWrite } from './document-store.ts'
import { FirestoreService, type Outage } from './service.ts'
import { firestoreServiceDefinition } from './service-definition.ts'

export type { DocumentWrite } from './document-store.ts'

export interface FirestoreServer {
  /** `127.0.0.1:port` */
  readonly host: string
  /**
   * Calls back once per document that a commit changed, in commit order, before the writer gets its answer; a write
   * that changes nothing is not reported. The listener must not throw. Returns the way to stop listening.
   */
  onWrite(listener: (write: DocumentWrite) => void): () => void
  /**
   * Makes all calls fail with this gRPC status and cuts the open listeners, as a store that throttles or is cut off;
   * `undefined` ends that. The data stays.
   */
  refuse(outage: Outage | undefined): void
  /** How many calls failed so by now; cut listeners are not counted. */
  readonly refused: number
  /** Cuts all connections and forgets all data. */
  stop(): Promise<void>
}

/** Large enough for every request that Firestore accepts, so that the limits on documents answer first. */
const requestBytesMax = 64 * 1_048_576

/** Listens on 127.0.0.1, on a free port unless one is given. Rejects if the port is taken. */
export async function startFirestoreServer(options: { readonly port?: number } = {}): Promise<FirestoreServer> {
  const service = new FirestoreService()
  const server = new Server({ 'grpc.max_receive_message_length': requestBytesMax })
  server.addService(firestoreServiceDefinition(), service.handlers())
  const port = await bind(server, options.port ?? 0)
  return {
    host: `127.0.0.1:${port}`,
    onWrite: listener => service.onWrite(listener),
    refuse: outage => service.refuse(outage),
    get refused() {
      return service.refused
    },
    stop: () => shutDown(server),
  }
}

function bind(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, boundPort) =>
      error ? reject(error) : resolve(boundPort),
    )
  })
}

/** Resolves when the port is free again. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.tryShutdown(error => (error ? reject(error) : resolve()))
    server.forceShutdown()
  })
}
