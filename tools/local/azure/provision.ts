/**
 * Creates what one site needs in a Cosmos account and a Storage account, with the official clients, from the plan.
 * Running it again changes nothing. In the cloud the infrastructure does the same.
 */
import { type ContainerRequest, CosmosClient, type Database } from '@azure/cosmos'
import { QueueServiceClient } from '@azure/storage-queue'
import {
  auditStoreName,
  cosmosDatabaseName,
  cosmosLeasesName,
  dataStoreName,
  deadLettersName,
  forwardName,
} from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan, type TypePlan, typesAt } from '../../../shared/declare/sync-plan.ts'

export interface AzureSiteResources {
  readonly plan: SyncPlan
  readonly site: string
  /** `AccountEndpoint=...;AccountKey=...;` */
  readonly cosmosConnection: string
  readonly storageConnection: string
}

/** Items expire only where they say so: `ttl` of an item counts only in a container that has a default. */
const expiryByItem = -1

export async function provisionAzureSite(resources: AzureSiteResources): Promise<void> {
  const { plan, site, cosmosConnection, storageConnection } = resources
  await provisionCosmos(cosmosConnection, [
    ...typesAt(plan, site).map(dataContainer),
    { id: auditStoreName, partitionKey: { paths: ['/type'] }, defaultTtl: expiryByItem },
    { id: cosmosLeasesName, partitionKey: { paths: ['/id'] } },
  ])
  const queues = QueueServiceClient.fromConnectionString(storageConnection)
  for (const name of [...peersOf(plan, site).map(({ id }) => forwardName(id)), deadLettersName]) {
    await queues.getQueueClient(name).createIfNotExists()
  }
}

async function provisionCosmos(connection: string, containers: readonly ContainerRequest[]): Promise<void> {
  const client = new CosmosClient(connection)
  try {
    const { database } = await client.databases.createIfNotExists({ id: cosmosDatabaseName })
    for (const container of containers) await createOnce(database, container)
  } finally {
    client.dispose()
  }
}

/** The client's "if not exists" reads first: who starts at the same time may create it in between. */
async function createOnce(database: Database, container: ContainerRequest): Promise<void> {
  try {
    await database.containers.createIfNotExists(container)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 409)) throw error
  }
}

function dataContainer(type: TypePlan): ContainerRequest {
  return { id: dataStoreName(type), partitionKey: { paths: [partitionKeyPath(type)] } }
}

/** A name that is more than letters, digits and underscores is quoted. */
function partitionKeyPath({ key: [field] }: TypePlan): string {
  return /^\w+$/.test(field) ? `/${field}` : `/${JSON.stringify(field)}`
}
