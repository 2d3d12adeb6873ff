/**
 * The bus: a topic of changes with a subscription for every peer, and the dead letters with theirs.
 *
 * A peer's subscription has no dead-letter policy of Pub/Sub's: a peer that is away would use up the attempts of changes
 * with which nothing is wrong. They come again until they are taken or seven days old. It is filtered by what the peer
 * may hold, so that nothing else even waits for it.
 */
import { changesName, deadLettersName, forwardName } from '../../shared/declare/resource-names.ts'
import { type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import type { EncryptionKey } from './encryption-key.ts'
import { google } from './google.ts'
import { changeRetention, deadLetterRetention, seconds } from './retention.ts'
import type { SiteContext } from './site-context.ts'

/** The longest there is: while a function works on a message, it must not come a second time. */
const ackDeadlineSeconds = 600

/** The shortest first wait that Pub/Sub allows, and a short longest one: a peer that is back is caught up with soon. */
const retryPolicy = { minimum_backoff: seconds(10), maximum_backoff: seconds(60) }

/** https://cloud.google.com/pubsub/docs/subscription-message-filter */
const filterBytesMax = 256

export interface Bus {
  readonly changes: TypedResource
  readonly deadLetters: TypedResource
}

export function createBus(context: SiteContext, key: EncryptionKey): Bus {
  const { scope, labels } = context
  const deadLetters = createTopic(context, key, 'dead_letters', deadLettersName)
  google(scope, 'dead_letters', 'google_pubsub_subscription', {
    name: deadLettersName,
    topic: deadLetters.id,
    ack_deadline_seconds: ackDeadlineSeconds,
    message_retention_duration: deadLetterRetention,
    expiration_policy: { ttl: '' },
    labels,
  })
  return { changes: createTopic(context, key, 'changes', changesName), deadLetters }
}

function createTopic({ scope, site, labels }: SiteContext, key: EncryptionKey, id: string, name: string) {
  return google(scope, id, 'google_pubsub_topic', {
    name,
    kms_key_name: key.for('pubsub'),
    // Whoever publishes from wherever: the messages lie here.
    message_storage_policy: { allowed_persistence_regions: [site.region], enforce_in_transit: true },
    labels,
  })
}

export interface PushTarget {
  /** Address of the function, without a path. */
  readonly uri: string
  /** Who calls it. */
  readonly callerEmail: string
}

/** The path tells the functions framework which topic a message is of. */
export function subscribePeer(context: SiteContext, { changes }: Bus, peer: string, target: PushTarget): TypedResource {
  const { scope, plan, site, project, labels } = context
  const filter = typeFilter(plan, site.id, peer)
  return google(scope, snakeCase(`forward ${peer}`), 'google_pubsub_subscription', {
    name: forwardName(peer),
    topic: changes.id,
    ack_deadline_seconds: ackDeadlineSeconds,
    message_retention_duration: changeRetention,
    expiration_policy: { ttl: '' },
    retry_policy: retryPolicy,
    ...(filter === undefined ? {} : { filter }),
    push_config: {
      push_endpoint: `${target.uri}/projects/${project}/topics/${changesName}`,
      oidc_token: { service_account_email: target.callerEmail, audience: target.uri },
    },
    labels,
  })
}

/** Undefined: the peer may hold all that is here, or the filter is longer than Pub/Sub takes; forward looks again anyway. */
export function typeFilter(plan: SyncPlan, site: string, peer: string): string | undefined {
  const here = typesAt(plan, site)
  const shared = here.filter(({ sites }) => sites.includes(peer))
  const others = here.filter(type => !shared.includes(type))
  if (others.length === 0) return undefined
  const only = shared.map(({ name }) => `attributes.type = "${name}"`).join(' OR ')
  const allBut = others.map(({ name }) => `attributes.type != "${name}"`).join(' AND ')
  return [only, allBut]
    .toSorted((one, other) => one.length - other.length)
    .find(filter => filter.length <= filterBytesMax)
}

export function grantPublish({ scope }: SiteContext, topic: TypedResource, name: string, member: string): void {
  google(scope, name, 'google_pubsub_topic_iam_member', { topic: topic.id, role: 'roles/pubsub.publisher', member })
}
