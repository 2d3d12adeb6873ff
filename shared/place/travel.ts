/**
 * Can a record stand at every site that holds its type? Asked where a document is captured: a key that some store
 * cannot hold is refused there, by name, and not at each peer in turn.
 */
import { type SyncPlan, siteOf, type TypePlan } from '../declare/sync-plan.ts'
import type { RecordRef } from '../replicate/record-ref.ts'
import { tableKey } from './aws-place.ts'
import { documentPlace } from './azure-place.ts'
import { documentPath } from './gcp-place.ts'

const placeAt = { aws: tableKey, gcp: documentPath, azure: documentPlace }

/** Throws `ValueRefused`. */
export function refuseUnplaceable(ref: RecordRef, type: TypePlan, plan: SyncPlan): void {
  for (const site of type.sites) placeAt[siteOf(plan, site).cloud](ref, type)
}
