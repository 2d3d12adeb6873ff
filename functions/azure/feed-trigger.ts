/**
 * The trigger on a container's change feed, the same for capture and publish.
 *
 * - All versions and deletes: the other mode never tells of a deletion.
 * - Without a retry policy the host drops a batch that failed and goes on; with an endless one it delivers it again.
 * - Two functions on one container would take each other's changes, were it not for a lease prefix of their own.
 * - The container of leases is there before (infra/azure): an identity may make none, and the host does not start a
 *   function that asks for it. (https://learn.microsoft.com/azure/azure-functions/functions-bindings-cosmosdb-v2-trigger)
 */
import { CosmosDBChangeFeedMode, type RetryOptions } from '@azure/functions'
import { cosmosDatabaseName, cosmosLeasesName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { feedPollMs } from './feed-poll.ts'

/** The setting that says how the Cosmos account is reached (see account.ts). */
export const cosmosSetting = 'TRIBUTARY_COSMOS'

const retry: RetryOptions = {
  strategy: 'exponentialBackoff',
  maxRetryCount: -1,
  minimumInterval: { seconds: 1 },
  maximumInterval: { seconds: 30 },
}

/** `name`: the function's own. */
export function feedTrigger(type: TypePlan, name: string) {
  return {
    connection: cosmosSetting,
    databaseName: type.at.azure.database,
    containerName: type.at.azure.container,
    leaseDatabaseName: cosmosDatabaseName,
    leaseContainerName: cosmosLeasesName,
    leaseContainerPrefix: `${name}-`,
    changeFeedMode: CosmosDBChangeFeedMode.AllVersionsAndDeletes,
    feedPollDelay: feedPollMs[type.tier],
    retry,
  } as const
}
