/**
 * The service's own limits, kept here so that code which breaks them breaks on this machine first.
 * Source: https://cloud.google.com/pubsub/quotas#resource_limits and the field comments of google/pubsub/v1/pubsub.proto.
 */
export const LIMITS = {
  /** A message, and a whole publish request: 10 MB, counted in powers of ten. */
  publishBytesMax: 10_000_000,
  publishMessagesMax: 1000,
  attributesMax: 100,
  attributeKeyBytesMax: 256,
  attributeValueBytesMax: 1024,
  orderingKeyBytesMax: 1024,
  filterBytesMax: 256,
  ackDeadlineSecondsMin: 10,
  ackDeadlineSecondsMax: 600,
  deliveryAttemptsMin: 5,
  deliveryAttemptsMax: 100,
  backoffMsMax: 600_000,
  retentionMsMin: 10 * 60_000,
  retentionMsMax: 31 * 86_400_000,
  pageSizeMax: 1000,
} as const

/** What a setting is when the caller leaves it out. */
export const DEFAULTS = {
  ackDeadlineSeconds: 10,
  deliveryAttempts: 5,
  backoffMinMs: 10_000,
  backoffMaxMs: 600_000,
  retentionMs: 7 * 86_400_000,
  pageSize: 100,
} as const
