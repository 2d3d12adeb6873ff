/** The official Pub/Sub client, made to answer in seconds (see `deadlines.ts`), and how a site publishes with it. */
import { PubSub } from '@google-cloud/pubsub'
import { briefCalls, withinTimeout } from './deadlines.ts'
import { storeFailure } from './store-errors.ts'

export interface OutgoingMessage {
  readonly text: string
  /** What a subscription can filter by. */
  readonly attributes: Readonly<Record<string, string>>
}

/** Resolves when the topic has taken all of them; rejects with `StoreUnavailable`. */
export type Publish = (messages: readonly OutgoingMessage[]) => Promise<void>

export function createPubSub(projectId: string): PubSub {
  // The client passes the setting on, but its type does not tell.
  const settings = { projectId, clientConfig: briefCalls('google.pubsub.v1.Publisher', ['Publish']) }
  return new PubSub(settings)
}

export function createPublisher(pubsub: PubSub, name: string): Publish {
  // What is published in one go travels in one request; nothing waits for more to come.
  const topic = pubsub.topic(name, { batching: { maxMilliseconds: 0 } })
  return async messages => {
    const published = messages.map(({ text, attributes }) =>
      topic.publishMessage({ data: Buffer.from(text), attributes: { ...attributes } }),
    )
    try {
      await withinTimeout(Promise.all(published))
    } catch (error) {
      throw storeFailure(error)
    }
  }
}
