/** The unary pull: answers what is there, else waits a while for the first message, else answers an empty list. */
import type { handleUnaryCall } from '@grpc/grpc-js'
import type { Broker } from './broker.ts'
import type { OpenCalls } from './open-calls.ts'
import type { Lease } from './queue-entry.ts'
import { invalidArgument, type RpcError } from './rpc-error.ts'
import type { Subscription } from './subscription.ts'
import { toRpcError } from './unary.ts'
import { leaseToWire, type WireReceivedMessage } from './wire.ts'

interface PullRequest {
  readonly subscription: string
  readonly returnImmediately: boolean
  readonly maxMessages: number
}

interface PullResponse {
  readonly receivedMessages: readonly WireReceivedMessage[]
}

const WAIT_MS_MAX = 10_000
/** One message past this may still be in the answer, so that no message is too large to be pulled. */
const RESPONSE_BYTES_MAX = 10_000_000
/** The answer must reach the caller before the caller's own deadline. */
const DEADLINE_MARGIN_MS = 250

export function pull(broker: Broker, calls: OpenCalls): handleUnaryCall<PullRequest, PullResponse> {
  return (call, callback) => {
    try {
      calls.enter()
      const { subscription: name, maxMessages, returnImmediately } = call.request
      const subscription = broker.pullSubscription(name)
      if (maxMessages <= 0) throw invalidArgument(`Invalid max_messages: ${maxMessages}. It must be positive`)
      const waitMs = returnImmediately ? 0 : waitWithin(call.getDeadline())
      const cancel = takeOnce(subscription, calls, maxMessages, waitMs, {
        taken: leases => {
          const countsAttempts = subscription.settings.deadLetter !== undefined
          callback(null, { receivedMessages: leases.map(lease => leaseToWire(lease, countsAttempts)) })
        },
        failed: callback,
      })
      call.on('cancelled', cancel)
    } catch (thrown) {
      callback(toRpcError(thrown))
    }
  }
}

interface PullOutcome {
  readonly taken: (leases: readonly Lease[]) => void
  readonly failed: (reason: RpcError) => void
}

/** A consumer for one delivery only. Answers how to give up waiting. */
function takeOnce(
  subscription: Subscription,
  calls: OpenCalls,
  maxMessages: number,
  waitMs: number,
  outcome: PullOutcome,
): () => void {
  let finished = false
  const finish = (tell: () => void) => {
    if (finished) return
    finished = true
    clearTimeout(timer)
    leave()
    subscription.detach(consumer)
    tell()
  }
  const limits = {
    maxMessages,
    maxBytes: RESPONSE_BYTES_MAX,
    onePerKey: false,
    leaseMs: () => subscription.settings.ackDeadlineMs,
  }
  const timer = setTimeout(() => finish(() => outcome.taken([])), waitMs)
  const leave = calls.track(reason => finish(() => outcome.failed(reason)))
  const consumer = subscription.attach(limits, {
    deliver: leases => finish(() => outcome.taken(leases)),
    closed: reason => finish(() => outcome.failed(reason)),
  })
  subscription.deliverNow()
  return () => finish(() => undefined)
}

function waitWithin(deadline: Date | number): number {
  const leftMs = Number(deadline) - Date.now() - DEADLINE_MARGIN_MS
  return Math.max(0, Math.min(WAIT_MS_MAX, leftMs))
}
