/**
 * Creates what one site needs in Pub/Sub, with the official client, from the plan. Running it again changes nothing.
 * In the cloud the infrastructure does the same. Firestore has nothing to create: a collection is there with its first
 * document.
 */
import { type CreateSubscriptionOptions, PubSub } from '@google-cloud/pubsub'
import { changesName, deadLettersName, forwardName } from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan } from '../../../shared/declare/sync-plan.ts'

export interface GoogleSiteResources {
  readonly plan: SyncPlan
  readonly site: string
  readonly project: string
  /** Where the local Pub/Sub listens: `127.0.0.1:40202`. */
  readonly pubsubHost: string
  /** How soon a change comes back that a peer could not take, in ms; the time doubles up to `longestMs`. */
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number }
}

/** Short, so that a peer that comes back is caught up with at once. The cloud's shortest are 10 s and 10 min. */
const localBackoff = { firstMs: 50, longestMs: 2000 }

/** The longest there is: while a function works on a message, it must not come a second time. */
const ackDeadlineSeconds = 600

export async function provisionGoogleSite(resources: GoogleSiteResources): Promise<void> {
  const { plan, site, project, pubsubHost, backoff = localBackoff } = resources
  const pubsub = new PubSub({ projectId: project, apiEndpoint: pubsubHost })
  const subscribe = (topic: string, name: string, options: CreateSubscriptionOptions) =>
    once(pubsub.topic(topic).createSubscription(name, { ackDeadlineSeconds, ...options }))
  try {
    await Promise.all([changesName, deadLettersName].map(name => once(pubsub.createTopic(name))))
    const retryPolicy = { minimumBackoff: duration(backoff.firstMs), maximumBackoff: duration(backoff.longestMs) }
    await Promise.all([
      ...peersOf(plan, site).map(({ id }) => subscribe(changesName, forwardName(id), { retryPolicy })),
      subscribe(deadLettersName, deadLettersName, {}),
    ])
  } finally {
    await pubsub.close()
  }
}

const alreadyExists = 6

async function once(creation: Promise<unknown>): Promise<void> {
  try {
    await creation
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === alreadyExists)) throw error
  }
}

function duration(ms: number): { readonly seconds: number; readonly nanos: number } {
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 }
}
