/**
 * A push subscription's deliveries: one POST per message, in the wrapped form.
 *
 * 102, 200, 201, 202 and 204 acknowledge; any other answer, an unreachable endpoint or none within the ack deadline is
 * a nack. Source: https://cloud.google.com/pubsub/docs/push
 */
import type { QueueConsumer } from './queue-consumer.ts'
import type { Lease } from './queue-entry.ts'
import type { Subscription } from './subscription.ts'

const REQUESTS_MAX = 100
const ACKNOWLEDGING = new Set([102, 200, 201, 202, 204])

export class PushDelivery {
  readonly #subscription: Subscription
  readonly #endpoint: string
  readonly #consumer: QueueConsumer
  readonly #stopped = new AbortController()

  constructor(subscription: Subscription, endpoint: string) {
    this.#subscription = subscription
    this.#endpoint = endpoint
    const limits = {
      maxMessages: REQUESTS_MAX,
      maxBytes: Number.POSITIVE_INFINITY,
      onePerKey: true,
      leaseMs: () => subscription.settings.ackDeadlineMs,
    }
    this.#consumer = subscription.attach(limits, {
      deliver: leases => {
        for (const lease of leases) void this.#post(lease)
      },
      closed: () => this.stop(),
    })
  }

  stop(): void {
    this.#subscription.detach(this.#consumer)
    this.#stopped.abort()
  }

  async #post(lease: Lease): Promise<void> {
    const timeout = AbortSignal.timeout(this.#subscription.settings.ackDeadlineMs)
    try {
      const response = await fetch(this.#endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(this.#body(lease)),
        signal: AbortSignal.any([this.#stopped.signal, timeout]),
      })
      await response.body?.cancel()
      if (ACKNOWLEDGING.has(response.status)) this.#subscription.ack(lease.id)
      else this.#subscription.nack(lease.id)
    } catch {
      // An endpoint that cannot be reached is the ordinary reason for a retry, not an error of ours.
      this.#subscription.nack(lease.id)
    }
  }

  #body({ entry, deliveryAttempt }: Lease): object {
    const { messageId, data, attributes, orderingKey, publishTimeMs } = entry.message
    const publishTime = new Date(publishTimeMs).toISOString()
    return {
      message: {
        data: data.toString('base64'),
        attributes,
        messageId,
        message_id: messageId,
        publishTime,
        publish_time: publishTime,
        ...(orderingKey === '' ? {} : { orderingKey }),
      },
      subscription: this.#subscription.name,
      ...(this.#subscription.settings.deadLetter ? { deliveryAttempt } : {}),
    }
  }
}
