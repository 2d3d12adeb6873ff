/**
 * StreamingPull: messages flow to the client as it has room, acknowledgements and deadlines may come back on the stream.
 *
 * The client pings with an empty request every 30 s and gives the stream up unless something comes back within 15 s:
 * every request without content is answered with a response without messages.
 */
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js'
import type { Broker } from './broker.ts'
import { LIMITS } from './limits.ts'
import type { OpenCalls } from './open-calls.ts'
import type { QueueConsumer } from './queue-consumer.ts'
import type { Lease } from './queue-entry.ts'
import { invalidArgument, type RpcError } from './rpc-error.ts'
import type { Subscription } from './subscription.ts'
import { toRpcError } from './unary.ts'
import { leaseToWire, type WireStreamingPullRequest, type WireStreamingPullResponse } from './wire.ts'

type Stream = ServerDuplexStream<WireStreamingPullRequest, WireStreamingPullResponse>

/** Past this a response is sent and the next one begun, so that no single frame grows without bound. */
const RESPONSE_BYTES = 1_000_000

export function streamingPull(
  broker: Broker,
  calls: OpenCalls,
): handleBidiStreamingCall<WireStreamingPullRequest, WireStreamingPullResponse> {
  return stream => {
    let session: StreamSession | undefined
    const end = (reason: RpcError) => {
      leave()
      session?.detach()
      stream.emit('error', reason)
    }
    const leave = calls.track(end)
    const finish = () => {
      leave()
      session?.detach()
    }
    stream.on('data', (request: WireStreamingPullRequest) => {
      try {
        calls.enter()
        if (session) session.receive(request)
        else session = new StreamSession(stream, broker.pullSubscription(request.subscription), request, end)
      } catch (thrown) {
        end(toRpcError(thrown))
      }
    })
    stream.on('cancelled', finish)
    stream.on('end', () => {
      finish()
      stream.end()
    })
  }
}

class StreamSession {
  readonly #stream: Stream
  readonly #subscription: Subscription
  readonly #consumer: QueueConsumer
  #ackDeadlineSeconds: number

  constructor(
    stream: Stream,
    subscription: Subscription,
    first: WireStreamingPullRequest,
    closed: (reason: RpcError) => void,
  ) {
    this.#stream = stream
    this.#subscription = subscription
    this.#ackDeadlineSeconds = checkedDeadline(first.streamAckDeadlineSeconds)
    this.#settle(first)
    const limits = {
      maxMessages: positiveOrUnlimited(first.maxOutstandingMessages),
      maxBytes: positiveOrUnlimited(first.maxOutstandingBytes),
      onePerKey: false,
      leaseMs: () => this.#ackDeadlineSeconds * 1000,
    }
    this.#consumer = subscription.attach(limits, { deliver: leases => this.#send(leases), closed })
    this.#send([])
  }

  receive(request: WireStreamingPullRequest): void {
    if (request.subscription !== '') throw invalidArgument('Only the first request of a stream names the subscription')
    if (request.streamAckDeadlineSeconds !== 0) {
      this.#ackDeadlineSeconds = checkedDeadline(request.streamAckDeadlineSeconds)
    }
    this.#settle(request)
    if (request.ackIds.length === 0 && request.modifyDeadlineAckIds.length === 0) this.#send([])
  }

  detach(): void {
    this.#subscription.detach(this.#consumer)
  }

  #settle({ ackIds, modifyDeadlineAckIds, modifyDeadlineSeconds }: WireStreamingPullRequest): void {
    if (modifyDeadlineAckIds.length !== modifyDeadlineSeconds.length) {
      throw invalidArgument('modify_deadline_seconds and modify_deadline_ack_ids must have the same length')
    }
    for (const ackId of ackIds) this.#subscription.ack(ackId)
    modifyDeadlineAckIds.forEach((ackId, index) => {
      this.#subscription.modifyAckDeadline(ackId, modifyDeadlineSeconds[index] ?? 0)
    })
  }

  #send(leases: readonly Lease[]): void {
    let batch: Lease[] = []
    let bytes = 0
    for (const lease of leases) {
      if (batch.length > 0 && bytes + lease.entry.bytes > RESPONSE_BYTES) {
        this.#write(batch)
        batch = []
        bytes = 0
      }
      batch.push(lease)
      bytes += lease.entry.bytes
    }
    this.#write(batch)
  }

  #write(leases: readonly Lease[]): void {
    const { ordered, deadLetter } = this.#subscription.settings
    this.#stream.write({
      receivedMessages: leases.map(lease => leaseToWire(lease, deadLetter !== undefined)),
      subscriptionProperties: { exactlyOnceDeliveryEnabled: false, messageOrderingEnabled: ordered },
    })
  }
}

function checkedDeadline(seconds: number): number {
  if (seconds >= LIMITS.ackDeadlineSecondsMin && seconds <= LIMITS.ackDeadlineSecondsMax) return seconds
  throw invalidArgument(`Invalid stream_ack_deadline_seconds: ${seconds}. It must be between 10 and 600`)
}

/** 0 and negative values mean that the client sets no limit. */
function positiveOrUnlimited(limit: string): number {
  return Number(limit) > 0 ? Number(limit) : Number.POSITIVE_INFINITY
}
