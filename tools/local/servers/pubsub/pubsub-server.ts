/**
 * Google Cloud Pub/Sub on this machine, for the official clients (`PUBSUB_EMULATOR_HOST`).
 *
 * Ours because the official emulator cannot be had from a package registry. gRPC with the client's own protos; topics,
 * subscriptions, publish, pull, streaming pull, push, ordering keys, filters, retry and dead-letter policies. Messages
 * live in memory. Not imitated, and refused: exactly-once delivery, snapshots and seek, schemas, exports, transforms,
 * push authentication. When not to use it: for throughput or latency figures of the cloud.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { Broker } from './broker.ts'
import type { PubSubMessage } from './message.ts'
import { OpenCalls, type RefusalStatus } from './open-calls.ts'
import { publisherService } from './publisher-service.ts'
import { subscriberService } from './subscriber-service.ts'
import { loadService } from './wire.ts'

export type { PubSubMessage } from './message.ts'
export type { RefusalStatus } from './open-calls.ts'

/** One delivery to an in-process consumer. It comes back unless it is acknowledged within the ack deadline. */
export interface Delivery {
  readonly message: PubSubMessage
  /** 1 for the first; grows with every nack and every deadline that passed. */
  readonly deliveryAttempt: number
  /** Too late after the ack deadline: then it does nothing. */
  ack(): void
  /** Redelivered after the subscription's retry backoff. */
  nack(): void
}

export interface PubSubServer {
  /** `127.0.0.1:port`, the value of `PUBSUB_EMULATOR_HOST`. */
  readonly host: string
  /**
   * In-process consumer of one subscription (full name), used by the local function triggers: same leases, backoff,
   * ordering and dead-lettering as a remote consumer. As with the cloud's triggers, which are pushes, the next message
   * of an ordering key comes only after the one before is acknowledged. Answers how to stop; deliveries still open then
   * may be acknowledged, else they come back after their deadline. Throws if there is no such pull subscription.
   */
  consume(
    subscription: string,
    options: { readonly maxInFlight: number },
    listener: (delivery: Delivery) => void,
  ): () => void
  /** While set, every gRPC call ends with this status, open streams too. In-process consumers go on. */
  refuse(refusal: RefusalStatus | undefined): void
  /** Ends every call; the port is free again afterwards, the messages are gone. */
  stop(): Promise<void>
}

/** A request may be a little larger than the message limit, so that it is refused for the right reason. */
const REQUEST_BYTES_MAX = 64_000_000

/** Binds 127.0.0.1 only; port 0 or none takes a free one. */
export async function startPubSubServer(options: { readonly port?: number } = {}): Promise<PubSubServer> {
  const broker = new Broker()
  const calls = new OpenCalls()
  const server = new Server({ 'grpc.max_receive_message_length': REQUEST_BYTES_MAX })
  server.addService(loadService('Publisher'), publisherService(broker, calls))
  server.addService(loadService('Subscriber'), subscriberService(broker, calls))
  const port = await listen(server, options.port ?? 0)
  return {
    host: `127.0.0.1:${port}`,
    consume: (subscription, { maxInFlight }, listener) => consume(broker, subscription, maxInFlight, listener),
    refuse: refusal => calls.refuse(refusal),
    async stop() {
      calls.refuse('UNAVAILABLE')
      broker.dispose()
      const closed = new Promise<void>(resolve => server.tryShutdown(() => resolve()))
      server.forceShutdown()
      await closed
    },
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
}

function consume(
  broker: Broker,
  name: string,
  maxInFlight: number,
  listener: (delivery: Delivery) => void,
): () => void {
  const subscription = broker.pullSubscription(name)
  const limits = {
    maxMessages: maxInFlight,
    maxBytes: Number.POSITIVE_INFINITY,
    onePerKey: true,
    leaseMs: () => subscription.settings.ackDeadlineMs,
  }
  const consumer = subscription.attach(limits, {
    deliver: leases => {
      for (const { id, entry, deliveryAttempt } of leases) {
        listener({
          message: entry.message,
          deliveryAttempt,
          ack: () => subscription.ack(id),
          nack: () => subscription.nack(id),
        })
      }
    },
    closed: () => undefined,
  })
  return () => subscription.detach(consumer)
}
