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
  cosmosRecordProperty,
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
  const own = [
    {
      ...{ id: auditStoreName, partitionKey: { paths: ['/shard'] }, defaultTtl: expiryByItem },
      // Every indexed property is paid for with every write, and nobody searches in the values that lost.
      indexingPolicy: { includedPaths: [{ path: '/*' }], excludedPaths: [{ path: '/entry/*' }, { path: '/packed/?' }] },
    },
    { id: cosmosLeasesName, partitionKey: { paths: ['/id'] } },
  ]
  await provisionCosmos(cosmosConnection, [
    ...own.map(container => ({ database: cosmosDatabaseName, container })),
    ...typesAt(plan, site).map((type, _, types) => dataContainer(type, types)),
  ])
  const queues = QueueServiceClient.fromConnectionString(storageConnection)
  for (const name of [...peersOf(plan, site).map(({ id }) => forwardName(id)), deadLettersName]) {
    await queues.getQueueClient(name).createIfNotExists()
  }
}

interface PlacedContainer {
  readonly database: string
  readonly container: ContainerRequest
}

async function provisionCosmos(connection: string, containers: readonly PlacedContainer[]): Promise<void> {
  const client = new CosmosClient(connection)
  try {
    for (const { database: id, container } of containers) {
      const { database } = await client.databases.createIfNotExists({ id })
      await createOnce(database, container)
    }
  } finally {
    client.dispose()
  }
}

/** The client's "if not exists" reads first: who starts at the same time may create it in between. */
async function createOnce(database: Database, container: ContainerRequest): Promise<void> {
  try {
    const { container: present, resource } = await database.containers.createIfNotExists(container)
    // A type was given an expiry since.
    if (resource && container.defaultTtl !== undefined && resource.defaultTtl === undefined) {
      await present.replace({ ...resource, defaultTtl: container.defaultTtl })
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 409)) throw error
  }
}

/** Several types may share one. One that somebody else would have made is made here as an application has it. */
function dataContainer({ at: { azure } }: TypePlan, types: readonly TypePlan[]): PlacedContainer {
  const { database, container: id, partition } = azure
  const expires = types.some(
    ({ at, expires }) => at.azure.database === database && at.azure.container === id && expires !== undefined,
  )
  const definition = {
    ...{ id, partitionKey: { paths: [partitionKeyPath(partition.attribute)] } },
    // As with the audit: nobody searches in what a sync record holds.
    indexingPolicy: { includedPaths: [{ path: '/*' }], excludedPaths: [{ path: `/${cosmosRecordProperty}/?` }] },
  }
  return { database, container: expires ? { ...definition, defaultTtl: expiryByItem } : definition }
}

/** A name that is more than letters, digits and underscores is quoted. */
function partitionKeyPath(field: string): string {
  return /^\w+$/.test(field) ? `/${field}` : `/${JSON.stringify(field)}`
}
