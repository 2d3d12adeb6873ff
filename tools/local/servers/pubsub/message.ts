/** A message as the topic accepted it. One object is shared by all subscriptions that deliver it. */
export interface PubSubMessage {
  readonly messageId: string
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  /** Empty: the message has no order. */
  readonly orderingKey: string
  readonly publishTimeMs: number
}

/** What flow control and the size limits count: data, attributes and ordering key, in bytes. */
export function messageBytes(message: Pick<PubSubMessage, 'data' | 'attributes' | 'orderingKey'>): number {
  let bytes = message.data.length + Buffer.byteLength(message.orderingKey)
  for (const [key, value] of Object.entries(message.attributes)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  return bytes
}
