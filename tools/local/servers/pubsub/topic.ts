/** A topic: where messages are accepted, and whom they are handed to. */
import { LIMITS } from './limits.ts'
import { messageBytes, type PubSubMessage } from './message.ts'
import { invalidArgument, unimplemented } from './rpc-error.ts'
import type { Subscription } from './subscription.ts'
import type { WireTopic } from './wire.ts'

export type PublishedContent = Pick<PubSubMessage, 'data' | 'attributes' | 'orderingKey'>

export interface Topic {
  config: WireTopic
  readonly subscriptions: Set<Subscription>
}

/** Throws UNIMPLEMENTED for what would change or refuse messages in the cloud and is not imitated here. */
export function checkTopic(wire: WireTopic): void {
  const asked = {
    schema_settings: wire.schemaSettings,
    ingestion_data_source_settings: wire.ingestionDataSourceSettings,
    message_transforms: wire.messageTransforms.length > 0,
  }
  for (const [field, value] of Object.entries(asked)) {
    if (value) throw unimplemented(`The local Pub/Sub does not imitate ${field}`)
  }
}

/** Throws INVALID_ARGUMENT unless the cloud would accept this publish request. */
export function checkPublish(messages: readonly PublishedContent[]): void {
  checkMax('message_count', messages.length, LIMITS.publishMessagesMax)
  if (messages.length === 0) throw invalidArgument('The value for message_count is too small: 0, the minimum is 1')
  for (const message of messages) checkContent(message)
  const requestBytes = messages.reduce((bytes, message) => bytes + messageBytes(message), 0)
  checkMax('request_size', requestBytes, LIMITS.publishBytesMax)
  if (new Set(messages.map(message => message.orderingKey)).size > 1) {
    throw invalidArgument('In a single publish request, all messages must have the same ordering key or none')
  }
}

function checkContent({ data, attributes, orderingKey }: PublishedContent): void {
  const entries = Object.entries(attributes)
  if (data.length === 0 && entries.length === 0) {
    throw invalidArgument('Some messages are empty: a message needs data or at least one attribute')
  }
  checkMax('ordering_key size', Buffer.byteLength(orderingKey), LIMITS.orderingKeyBytesMax)
  checkMax('attribute count', entries.length, LIMITS.attributesMax)
  for (const [key, value] of entries) {
    if (key === '' || key.startsWith('goog')) {
      throw invalidArgument(`Invalid attribute key "${key}": it must not be empty and not start with "goog"`)
    }
    checkMax('attribute key size', Buffer.byteLength(key), LIMITS.attributeKeyBytesMax)
    checkMax('attribute value size', Buffer.byteLength(value), LIMITS.attributeValueBytesMax)
  }
}

function checkMax(what: string, value: number, max: number): void {
  if (value <= max) return
  throw invalidArgument(
    `The value for ${what} is too large. You passed ${value} in the request, but the maximum value is ${max}.`,
  )
}
