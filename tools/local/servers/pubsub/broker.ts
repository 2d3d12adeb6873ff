/** All topics and subscriptions, and the way of a message from one to the other. No network. */
import { status } from '@grpc/grpc-js'
import { toDeadLetter } from './dead-letter.ts'
import { PushDelivery } from './push-delivery.ts'
import { DELETED_TOPIC, parseResourceName } from './resource-names.ts'
import { RpcError, subscriptionNotFound, topicNotFound } from './rpc-error.ts'
import { Subscription } from './subscription.ts'
import {
  parseSubscriptionSettings,
  type SubscriptionSettings,
  updateSubscriptionConfig,
  withSubscriptionDefaults,
} from './subscription-settings.ts'
import { checkPublish, checkTopic, type PublishedContent, type Topic } from './topic.ts'
import type { WireFieldMask, WireSubscription, WireTopic } from './wire.ts'

export class Broker {
  readonly #topics = new Map<string, Topic>()
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #pushes = new Map<Subscription, PushDelivery>()
  #lastSequence = 0

  createTopic(config: WireTopic): WireTopic {
    parseResourceName('topics', config.name)
    checkTopic(config)
    if (this.#topics.has(config.name)) {
      throw new RpcError(status.ALREADY_EXISTS, `Topic already exists: ${config.name}`)
    }
    this.#topics.set(config.name, { config, subscriptions: new Set() })
    return config
  }

  topic(name: string): Topic {
    const topic = this.#topics.get(name)
    if (!topic) throw topicNotFound(name)
    return topic
  }

  /** Sorted by name. */
  topicsOf(project: string): WireTopic[] {
    return inProject(project, this.#topics).map(topic => topic.config)
  }

  /** Its subscriptions stay, with the messages they hold. */
  deleteTopic(name: string): void {
    for (const subscription of this.topic(name).subscriptions) {
      subscription.configure({ ...subscription.config, topic: DELETED_TOPIC }, subscription.settings)
    }
    this.#topics.delete(name)
  }

  /** Answers the ids, in the order of the messages. */
  publish(topicName: string, messages: readonly PublishedContent[]): string[] {
    const topic = this.topic(topicName)
    checkPublish(messages)
    return messages.map(message => this.#accept(topic, message))
  }

  createSubscription(wire: WireSubscription): WireSubscription {
    parseResourceName('subscriptions', wire.name)
    const config = withSubscriptionDefaults(wire)
    const settings = this.#parseSettings(config)
    const topic = this.topic(config.topic)
    if (this.#subscriptions.has(config.name)) {
      throw new RpcError(status.ALREADY_EXISTS, `Subscription already exists: ${config.name}`)
    }
    const subscription = new Subscription(config, settings, (...letter) => this.#forwardDeadLetter(...letter))
    this.#subscriptions.set(config.name, subscription)
    topic.subscriptions.add(subscription)
    this.#startPush(subscription)
    return config
  }

  subscription(name: string): Subscription {
    const subscription = this.#subscriptions.get(name)
    if (!subscription) throw subscriptionNotFound(name)
    return subscription
  }

  /** One that consumers may pull from. FAILED_PRECONDITION if it pushes. */
  pullSubscription(name: string): Subscription {
    const subscription = this.subscription(name)
    if (subscription.settings.pushEndpoint !== undefined) throw isPushSubscription(name)
    return subscription
  }

  /** Sorted by name. */
  subscriptionsOf(project: string): WireSubscription[] {
    return inProject(project, this.#subscriptions).map(subscription => subscription.config)
  }

  updateSubscription(update: WireSubscription, mask: WireFieldMask | null): WireSubscription {
    const subscription = this.subscription(update.name)
    const config = updateSubscriptionConfig(subscription.config, update, mask)
    const settings = this.#parseSettings(config)
    const pushed = subscription.settings.pushEndpoint
    subscription.configure(config, settings)
    if (settings.pushEndpoint !== pushed) this.#changePush(subscription)
    return config
  }

  deleteSubscription(name: string): void {
    const subscription = this.subscription(name)
    this.#stopPush(subscription)
    this.#subscriptions.delete(name)
    this.#topics.get(subscription.config.topic)?.subscriptions.delete(subscription)
    subscription.dispose(subscriptionNotFound(name))
  }

  dispose(): void {
    for (const name of [...this.#subscriptions.keys()]) this.deleteSubscription(name)
  }

  #accept(topic: Topic, content: PublishedContent): string {
    const { data, attributes, orderingKey } = content
    const sequence = ++this.#lastSequence
    const message = { messageId: String(sequence), data, attributes, orderingKey, publishTimeMs: Date.now() }
    for (const subscription of topic.subscriptions) subscription.publish(message, sequence)
    return message.messageId
  }

  #forwardDeadLetter(...[topicName, message, attempts, subscription]: DeadLetterArguments): boolean {
    const topic = this.#topics.get(topicName)
    if (topic) this.#accept(topic, toDeadLetter(message, attempts, subscription))
    return topic !== undefined
  }

  #parseSettings(config: WireSubscription): SubscriptionSettings {
    const settings = parseSubscriptionSettings(config)
    if (settings.deadLetter) this.topic(settings.deadLetter.topic)
    return settings
  }

  #changePush(subscription: Subscription): void {
    this.#stopPush(subscription)
    if (subscription.settings.pushEndpoint !== undefined) {
      subscription.closeConsumers(isPushSubscription(subscription.name))
    }
    this.#startPush(subscription)
  }

  #startPush(subscription: Subscription): void {
    const endpoint = subscription.settings.pushEndpoint
    if (endpoint !== undefined) this.#pushes.set(subscription, new PushDelivery(subscription, endpoint))
  }

  #stopPush(subscription: Subscription): void {
    this.#pushes.get(subscription)?.stop()
    this.#pushes.delete(subscription)
  }
}

type DeadLetterArguments = Parameters<ConstructorParameters<typeof Subscription>[2]>

function isPushSubscription(name: string): RpcError {
  return new RpcError(status.FAILED_PRECONDITION, `This method is not supported for the push subscription ${name}`)
}

function inProject<T>(project: string, byName: ReadonlyMap<string, T>): T[] {
  const names = [...byName.keys()].filter(name => name.startsWith(`${project}/`)).sort()
  return names.flatMap(name => byName.get(name) ?? [])
}
