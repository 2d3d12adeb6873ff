/**
 * What the resources of a site are called, in one place for functions, infrastructure and the local clouds. Imports
 * nothing. The application's own tables are named by the declaration (see placement.ts).
 */

/** Sync records: a DynamoDB table, a Firestore collection. (Cosmos keeps them beside the documents.) */
export const syncStoreName = 'tributary-sync'

/** Resolutions: a DynamoDB table, a Firestore collection, a Cosmos container. */
export const auditStoreName = 'tributary-audit'

/** What steers a site at run time: a Firestore collection. */
export const controlStoreName = 'tributary-control'

/** Changes on their way to forward: a Kinesis stream, a Pub/Sub topic. */
export const changesName = 'tributary-changes'

/** The Kinesis stream that a table's writes go to, where capture cannot read the table's own stream. */
export function feedName(table: string): string {
  return `tributary-feed-${table}`
}

/** What could not be processed: an SQS queue, a Pub/Sub topic and its subscription, a Storage queue. */
export const deadLettersName = 'tributary-dead-letters'

/** On AWS, notices about batches that a trigger gave up: an SQS queue. */
export const givenUpName = 'tributary-given-up'

/** A function that a site has once. (A forward there is for each peer.) */
export function functionName(name: 'capture' | 'publish' | 'ingest' | 'prune'): string {
  return `tributary-${name}`
}

/** One consumer per peer: a Pub/Sub subscription, a Storage queue, a function. */
export function forwardName(peer: string): string {
  return `tributary-forward-${peer}`
}

/** On AWS, where a stream would hold up what is behind it: an SQS queue per peer for what waits longer. */
export function waitingName(peer: string): string {
  return `tributary-waiting-${peer}`
}

/** The Cosmos DB account of a site, and the Storage account with its queues; `prefix` is unique in all of Azure. */
export function cosmosAccountName(prefix: string): string {
  return `${prefix}-tributary`
}

export function queueAccountName(prefix: string): string {
  return `${prefix}tributarybus`
}

/** The Cosmos database of all containers. */
export const cosmosDatabaseName = 'tributary'

/** Where the change feed's checkpoints are kept on Cosmos, and what steers the site. */
export const cosmosLeasesName = 'tributary-leases'

/** In a Cosmos container a sync item's id starts with this, and the property of this name marks it. */
export const cosmosSyncMark = '_tributary'

/** The property of a sync item that holds the encoded record. */
export const cosmosRecordProperty = `${cosmosSyncMark}Record`

/** DynamoDB attributes of the sync table. */
export const syncTable = {
  key: 'name',
  whole: 'whole',
  revision: 'revision',
  record: 'record',
  control: 'control',
  gone: 'goneAtMs',
} as const

/** The sync table's index over the items whose document is gone, or will be. */
export const tombstoneIndex = 'tombstones'

/** DynamoDB attributes of the audit table: by shard (see replicate/audit-place.ts), in the order of time. */
export const auditTable = { key: 'shard', sort: 'at', expires: 'expiresAtS' } as const

export const auditRetentionDays = 90
