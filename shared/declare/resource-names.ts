/**
 * What the resources of a site are called, in one place for functions, infrastructure and the local clouds.
 * Imports nothing but the plan's type.
 */
import type { TypePlan } from './sync-plan.ts'

/** Sync records: a DynamoDB table, a Firestore collection. (Cosmos keeps them beside the documents.) */
export const syncStoreName = 'tributary-sync'

/** Resolutions: a DynamoDB table, a Firestore collection, a Cosmos container. */
export const auditStoreName = 'tributary-audit'

/** Changes on their way to forward: a Kinesis stream, a Pub/Sub topic. */
export const changesName = 'tributary-changes'

/** What could not be processed: an SQS queue, a Pub/Sub topic and its subscription, a Storage queue. */
export const deadLettersName = 'tributary-dead-letters'

/** One consumer per peer: a Pub/Sub subscription, a Storage queue, a function. */
export function forwardName(peer: string): string {
  return `tributary-forward-${peer}`
}

/** The Cosmos database of all containers. */
export const cosmosDatabaseName = 'tributary'

/** Where the change feed's checkpoints are kept on Cosmos. */
export const cosmosLeasesName = 'tributary-leases'

/** In a Cosmos container a sync item's id starts with this, and the property of this name marks it. */
export const cosmosSyncMark = '_tributary'

/** The application's own table, collection or container. */
export function dataStoreName(type: Pick<TypePlan, 'name'>): string {
  return type.name
}

/** DynamoDB attributes of the sync table. */
export const syncTable = { key: 'name', revision: 'revision', record: 'record' } as const

/** DynamoDB attributes of the audit table: by type, in the order of time. */
export const auditTable = { key: 'type', sort: 'at', expires: 'expiresAtS' } as const

export const auditRetentionDays = 90
