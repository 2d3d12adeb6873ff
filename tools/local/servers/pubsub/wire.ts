/**
 * The messages of google.pubsub.v1 as @grpc/proto-loader decodes them with the options below (absent messages are
 * null, absent lists and maps are empty), and their translation into the values used here. Only the fields in use.
 */
import { createRequire } from 'node:module'
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import type { PubSubMessage } from './message.ts'
import type { Lease } from './queue-entry.ts'

export interface WireTime {
  readonly seconds: string
  readonly nanos: number
}

export interface WireMessage {
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly messageId: string
  readonly publishTime: WireTime | null
  readonly orderingKey: string
}

export interface WireTopic {
  readonly name: string
  readonly schemaSettings: object | null
  readonly ingestionDataSourceSettings: object | null
  readonly messageTransforms: readonly object[]
}

export interface WirePushConfig {
  readonly pushEndpoint: string
  readonly oidcToken: object | null
  readonly noWrapper: object | null
}

export interface WireSubscription {
  readonly name: string
  readonly topic: string
  readonly pushConfig: WirePushConfig | null
  readonly bigqueryConfig: object | null
  readonly cloudStorageConfig: object | null
  readonly bigtableConfig: object | null
  readonly ackDeadlineSeconds: number
  readonly messageRetentionDuration: WireTime | null
  readonly enableMessageOrdering: boolean
  readonly filter: string
  readonly deadLetterPolicy: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number } | null
  readonly retryPolicy: { readonly minimumBackoff: WireTime | null; readonly maximumBackoff: WireTime | null } | null
  readonly enableExactlyOnceDelivery: boolean
  readonly messageTransforms: readonly object[]
  readonly state: string
}

export interface WireFieldMask {
  readonly paths: readonly string[]
}

export interface WireReceivedMessage {
  readonly ackId: string
  readonly message: WireMessage
  readonly deliveryAttempt: number
}

export interface WireStreamingPullRequest {
  readonly subscription: string
  readonly ackIds: readonly string[]
  readonly modifyDeadlineSeconds: readonly number[]
  readonly modifyDeadlineAckIds: readonly string[]
  readonly streamAckDeadlineSeconds: number
  readonly maxOutstandingMessages: string
  readonly maxOutstandingBytes: string
}

export interface WireStreamingPullResponse {
  readonly receivedMessages: readonly WireReceivedMessage[]
  readonly subscriptionProperties: {
    readonly exactlyOnceDeliveryEnabled: boolean
    readonly messageOrderingEnabled: boolean
  }
}

/** The definition of `Publisher` or `Subscriber`, from the official client's own protos. */
export function loadService(name: 'Publisher' | 'Subscriber'): ServiceDefinition<UntypedServiceImplementation> {
  const protos = createRequire(import.meta.url)('@google-cloud/pubsub/build/protos/protos.json')
  const definitions = fromJSON(protos, { longs: String, enums: String, defaults: true })
  return definitions[`google.pubsub.v1.${name}`] as ServiceDefinition<UntypedServiceImplementation>
}

export function wireTimeToMs(time: WireTime): number {
  return Number(time.seconds) * 1000 + time.nanos / 1e6
}

export function msToWireTime(ms: number): WireTime {
  const seconds = Math.floor(ms / 1000)
  return { seconds: String(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) }
}

function messageToWire(message: PubSubMessage): WireMessage {
  const { publishTimeMs, ...rest } = message
  return { ...rest, publishTime: msToWireTime(publishTimeMs) }
}

/** The delivery attempt is told only where a dead-letter policy counts it, else 0. */
export function leaseToWire(lease: Lease, countsAttempts: boolean): WireReceivedMessage {
  return {
    ackId: lease.id,
    message: messageToWire(lease.entry.message),
    deliveryAttempt: countsAttempts ? lease.deliveryAttempt : 0,
  }
}
