/** google.pubsub.v1.Subscriber over the broker. Snapshots and seek are answered UNIMPLEMENTED by gRPC itself. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Broker } from './broker.ts'
import { LIMITS } from './limits.ts'
import type { OpenCalls } from './open-calls.ts'
import { type PageRequest, pageOf } from './paging.ts'
import { pull } from './pull.ts'
import { invalidArgument } from './rpc-error.ts'
import { streamingPull } from './streaming-pull.ts'
import { unary } from './unary.ts'
import type { WireFieldMask, WirePushConfig, WireSubscription } from './wire.ts'

type SubscriptionRequest = { readonly subscription: string }
type UpdateSubscriptionRequest = { readonly subscription: WireSubscription; readonly updateMask: WireFieldMask | null }
type ListSubscriptionsRequest = PageRequest & { readonly project: string }
type AcknowledgeRequest = SubscriptionRequest & { readonly ackIds: readonly string[] }
type ModifyAckDeadlineRequest = AcknowledgeRequest & { readonly ackDeadlineSeconds: number }
type ModifyPushConfigRequest = SubscriptionRequest & { readonly pushConfig: WirePushConfig | null }

export function subscriberService(broker: Broker, calls: OpenCalls): UntypedServiceImplementation {
  return {
    CreateSubscription: unary(calls, (wire: WireSubscription) => broker.createSubscription(wire)),
    GetSubscription: unary(calls, (request: SubscriptionRequest) => broker.subscription(request.subscription).config),
    UpdateSubscription: unary(calls, ({ subscription, updateMask }: UpdateSubscriptionRequest) =>
      broker.updateSubscription(subscription, updateMask),
    ),
    ListSubscriptions: unary(calls, (request: ListSubscriptionsRequest) => {
      const subscriptions = broker.subscriptionsOf(request.project)
      const { page, nextPageToken } = pageOf(subscriptions, subscription => subscription.name, request)
      return { subscriptions: page, nextPageToken }
    }),
    DeleteSubscription: unary(calls, (request: SubscriptionRequest) => {
      broker.deleteSubscription(request.subscription)
      return {}
    }),
    ModifyPushConfig: unary(calls, ({ subscription, pushConfig }: ModifyPushConfigRequest) => {
      const { config } = broker.subscription(subscription)
      broker.updateSubscription({ ...config, pushConfig }, { paths: ['push_config'] })
      return {}
    }),
    Acknowledge: unary(calls, ({ subscription, ackIds }: AcknowledgeRequest) => {
      const target = broker.subscription(subscription)
      for (const ackId of ackIds) target.ack(ackId)
      return {}
    }),
    ModifyAckDeadline: unary(calls, ({ subscription, ackIds, ackDeadlineSeconds }: ModifyAckDeadlineRequest) => {
      const target = broker.subscription(subscription)
      checkAckDeadline(ackDeadlineSeconds)
      for (const ackId of ackIds) target.modifyAckDeadline(ackId, ackDeadlineSeconds)
      return {}
    }),
    Pull: pull(broker, calls),
    StreamingPull: streamingPull(broker, calls),
  }
}

function checkAckDeadline(seconds: number): void {
  if (seconds >= 0 && seconds <= LIMITS.ackDeadlineSecondsMax) return
  throw invalidArgument(`Invalid ack_deadline_seconds: ${seconds}. It must be between 0 and 600`)
}
