/**
 * A subscription's declaration, checked as the cloud checks it and turned into what the queue needs.
 *
 * What is not imitated here is refused with UNIMPLEMENTED instead of being accepted and ignored: a program that relies
 * on it learns so on this machine.
 */
import { applyFieldMask } from './field-mask.ts'
import { type AttributeFilter, compileFilter } from './filter.ts'
import { DEFAULTS, LIMITS } from './limits.ts'
import { parseResourceName } from './resource-names.ts'
import { invalidArgument, unimplemented } from './rpc-error.ts'
import { msToWireTime, type WireFieldMask, type WireSubscription, wireTimeToMs } from './wire.ts'

export interface SubscriptionSettings {
  readonly ackDeadlineMs: number
  readonly retentionMs: number
  readonly ordered: boolean
  readonly matches: AttributeFilter
  readonly backoffMs: (failures: number) => number
  readonly deadLetter: { readonly topic: string; readonly maxAttempts: number } | undefined
  /** Undefined: consumers pull. */
  readonly pushEndpoint: string | undefined
}

/** Retries of a push subscription without a retry policy: fast, then slower. */
const PUSH_BACKOFF = { minMs: 100, maxMs: 60_000 }
const NO_BACKOFF = { minMs: 0, maxMs: 0 }

/** The declaration with the service's defaults filled in, as GetSubscription answers it. */
export function withSubscriptionDefaults(wire: WireSubscription): WireSubscription {
  const { deadLetterPolicy } = wire
  return {
    ...wire,
    ackDeadlineSeconds: wire.ackDeadlineSeconds || DEFAULTS.ackDeadlineSeconds,
    messageRetentionDuration: wire.messageRetentionDuration ?? msToWireTime(DEFAULTS.retentionMs),
    deadLetterPolicy: deadLetterPolicy && {
      ...deadLetterPolicy,
      maxDeliveryAttempts: deadLetterPolicy.maxDeliveryAttempts || DEFAULTS.deliveryAttempts,
    },
    state: 'ACTIVE',
  }
}

/** `wire` has its defaults. Throws INVALID_ARGUMENT or UNIMPLEMENTED. */
export function parseSubscriptionSettings(wire: WireSubscription): SubscriptionSettings {
  refuseWhatIsMissingHere(wire)
  checkRange(
    'ack_deadline_seconds',
    wire.ackDeadlineSeconds,
    LIMITS.ackDeadlineSecondsMin,
    LIMITS.ackDeadlineSecondsMax,
  )
  const retentionMs = wire.messageRetentionDuration ? wireTimeToMs(wire.messageRetentionDuration) : DEFAULTS.retentionMs
  checkRange('message_retention_duration in ms', retentionMs, LIMITS.retentionMsMin, LIMITS.retentionMsMax)
  return {
    ackDeadlineMs: wire.ackDeadlineSeconds * 1000,
    retentionMs,
    ordered: wire.enableMessageOrdering,
    matches: compileFilter(wire.filter),
    backoffMs: parseBackoff(wire),
    deadLetter: parseDeadLetter(wire),
    pushEndpoint: parsePushEndpoint(wire),
  }
}

const UPDATABLE = [
  'ackDeadlineSeconds',
  'pushConfig',
  'bigqueryConfig',
  'cloudStorageConfig',
  'bigtableConfig',
  'retainAckedMessages',
  'messageRetentionDuration',
  'labels',
  'expirationPolicy',
  'deadLetterPolicy',
  'retryPolicy',
  'enableExactlyOnceDelivery',
  'messageTransforms',
]

/** Throws INVALID_ARGUMENT for a field that cannot change: topic, filter and ordering are for good. */
export function updateSubscriptionConfig(
  current: WireSubscription,
  update: WireSubscription,
  mask: WireFieldMask | null,
): WireSubscription {
  return withSubscriptionDefaults(applyFieldMask(current, update, mask, UPDATABLE))
}

function refuseWhatIsMissingHere(wire: WireSubscription): void {
  const asked = {
    enable_exactly_once_delivery: wire.enableExactlyOnceDelivery,
    bigquery_config: wire.bigqueryConfig,
    cloud_storage_config: wire.cloudStorageConfig,
    bigtable_config: wire.bigtableConfig,
    message_transforms: wire.messageTransforms.length > 0,
    'push_config.oidc_token': wire.pushConfig?.oidcToken,
    'push_config.no_wrapper': wire.pushConfig?.noWrapper,
  }
  for (const [field, value] of Object.entries(asked)) {
    if (value) throw unimplemented(`The local Pub/Sub does not imitate ${field}`)
  }
}

function parseBackoff(wire: WireSubscription): (failures: number) => number {
  const { minMs, maxMs } = backoffBounds(wire)
  return failures => Math.min(minMs * 2 ** (failures - 1), maxMs)
}

function backoffBounds(wire: WireSubscription): { readonly minMs: number; readonly maxMs: number } {
  const { retryPolicy } = wire
  if (!retryPolicy) return wire.pushConfig?.pushEndpoint ? PUSH_BACKOFF : NO_BACKOFF
  const minMs = retryPolicy.minimumBackoff ? wireTimeToMs(retryPolicy.minimumBackoff) : DEFAULTS.backoffMinMs
  const maxMs = retryPolicy.maximumBackoff ? wireTimeToMs(retryPolicy.maximumBackoff) : DEFAULTS.backoffMaxMs
  checkRange('retry_policy.minimum_backoff in ms', minMs, 0, LIMITS.backoffMsMax)
  checkRange('retry_policy.maximum_backoff in ms', maxMs, minMs, LIMITS.backoffMsMax)
  return { minMs, maxMs }
}

function parseDeadLetter({ deadLetterPolicy }: WireSubscription): SubscriptionSettings['deadLetter'] {
  if (!deadLetterPolicy) return undefined
  const { deadLetterTopic: topic, maxDeliveryAttempts: maxAttempts } = deadLetterPolicy
  parseResourceName('topics', topic)
  checkRange(
    'dead_letter_policy.max_delivery_attempts',
    maxAttempts,
    LIMITS.deliveryAttemptsMin,
    LIMITS.deliveryAttemptsMax,
  )
  return { topic, maxAttempts }
}

function parsePushEndpoint({ pushConfig }: WireSubscription): string | undefined {
  const endpoint = pushConfig?.pushEndpoint
  if (!endpoint) return undefined
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw invalidArgument(`Invalid push endpoint "${endpoint}": a URL is expected`)
  }
  return endpoint
}

function checkRange(field: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return
  throw invalidArgument(`Invalid ${field}: ${value}. It must be between ${min} and ${max}`)
}
