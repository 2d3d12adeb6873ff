/** google.pubsub.v1.Publisher over the broker. Snapshots and detaching are answered UNIMPLEMENTED by gRPC itself. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Broker } from './broker.ts'
import { applyFieldMask } from './field-mask.ts'
import type { OpenCalls } from './open-calls.ts'
import { type PageRequest, pageOf } from './paging.ts'
import { checkTopic } from './topic.ts'
import { unary } from './unary.ts'
import type { WireFieldMask, WireMessage, WireTopic } from './wire.ts'

type TopicRequest = { readonly topic: string }
type UpdateTopicRequest = { readonly topic: WireTopic; readonly updateMask: WireFieldMask | null }
type PublishRequest = { readonly topic: string; readonly messages: readonly WireMessage[] }
type ListTopicsRequest = PageRequest & { readonly project: string }
type ListTopicSubscriptionsRequest = PageRequest & { readonly topic: string }

export function publisherService(broker: Broker, calls: OpenCalls): UntypedServiceImplementation {
  return {
    CreateTopic: unary(calls, (topic: WireTopic) => broker.createTopic(topic)),
    GetTopic: unary(calls, ({ topic }: TopicRequest) => broker.topic(topic).config),
    UpdateTopic: unary(calls, (request: UpdateTopicRequest) => updateTopic(broker, request)),
    DeleteTopic: unary(calls, ({ topic }: TopicRequest) => {
      broker.deleteTopic(topic)
      return {}
    }),
    ListTopics: unary(calls, (request: ListTopicsRequest) => {
      const { page, nextPageToken } = pageOf(broker.topicsOf(request.project), topic => topic.name, request)
      return { topics: page, nextPageToken }
    }),
    ListTopicSubscriptions: unary(calls, (request: ListTopicSubscriptionsRequest) => {
      const names = [...broker.topic(request.topic).subscriptions].map(subscription => subscription.name).sort()
      const { page, nextPageToken } = pageOf(names, name => name, request)
      return { subscriptions: page, nextPageToken }
    }),
    Publish: unary(calls, ({ topic, messages }: PublishRequest) => ({ messageIds: broker.publish(topic, messages) })),
  }
}

const UPDATABLE = [
  'labels',
  'messageStoragePolicy',
  'messageRetentionDuration',
  'schemaSettings',
  'ingestionDataSourceSettings',
  'messageTransforms',
]

function updateTopic(broker: Broker, { topic: update, updateMask }: UpdateTopicRequest): WireTopic {
  const topic = broker.topic(update.name)
  const config = applyFieldMask(topic.config, update, updateMask, UPDATABLE)
  checkTopic(config)
  topic.config = config
  return config
}
