/**
 * Cosmos DB: the sync items beside the documents, in containers that are the application's; and the containers of
 * Tributary's own, leases (with what steered the site) and audit.
 *
 * An item counts as ours by all three of its marks, as it does for the functions: the id, the property with the layout's version,
 * the record's text. One that an application put under such an id stays.
 */
import type { Container, CosmosClient, QueryIterator } from '@azure/cosmos'
import { layoutVersion } from '../../functions/azure/sync-item.ts'
import {
  auditStoreName,
  cosmosDatabaseName,
  cosmosLeasesName,
  cosmosRecordProperty,
  cosmosSyncMark,
} from '../../shared/declare/resource-names.ts'
import { type SitePlan, type SyncPlan, type TypePlan, typesAt } from '../../shared/declare/sync-plan.ts'
import { syncIdPrefix } from '../../shared/place/azure-place.ts'
import { told } from '../accounts/told.ts'
import { type LeftOver, type LeftOverOptions, NotRemoved } from './left-over.ts'

export function azureLeftOvers(
  cosmos: CosmosClient,
  plan: SyncPlan,
  site: SitePlan,
  { withAudit }: LeftOverOptions,
): readonly LeftOver[] {
  // Several types may share a container, and then its partition key, too.
  const byPlace = new Map(typesAt(plan, site.id).map(type => [placeOf(type), type]))
  const own = [cosmosLeasesName, ...(withAudit ? [auditStoreName] : [])]
  return [
    ...[...byPlace].map(([place, type]) => syncItems(cosmos, place, type)),
    ...own.map(name => ownContainer(cosmos, name)),
  ]
}

function placeOf({ at: { azure } }: TypePlan): string {
  return `${azure.database}/${azure.container}`
}

const isOurs = {
  query: `WHERE STARTSWITH(c.id, @prefix) AND c.${cosmosSyncMark} = @layout AND IS_STRING(c.${cosmosRecordProperty})`,
  parameters: [
    { name: '@prefix', value: syncIdPrefix },
    { name: '@layout', value: layoutVersion },
  ],
}

const pageMax = 100
/** Deletes at a time: some hundred request units a second, beside whatever the application does. */
const atOnce = 20

function syncItems(cosmos: CosmosClient, place: string, { at: { azure } }: TypePlan): LeftOver {
  const container = cosmos.database(azure.database).container(azure.container)
  const partition = JSON.stringify(azure.partition.attribute)
  return {
    place: `container ${place}`,
    async find() {
      const asked = await told(() =>
        container.items.query<number>({ ...isOurs, query: `SELECT VALUE COUNT(1) FROM c ${isOurs.query}` }).fetchAll(),
      )
      if (asked.is === 'missing') return undefined
      if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
      const count = asked.value.resources.reduce((sum, part) => sum + part, 0)
      return count === 0 ? undefined : `${count.toLocaleString('en')} sync items beside your documents`
    },
    async remove(onProgress) {
      const query = { ...isOurs, query: `SELECT c.id, c[${partition}] AS partition FROM c ${isOurs.query}` }
      let removed = 0
      // From the start each time: what is removed is found no more, so a place in the query need not be kept.
      for (;;) {
        const found = await firstPage(container.items.query<SyncItemKey>(query, { maxItemCount: pageMax }))
        if (found.length === 0) return
        for (let from = 0; from < found.length; from += atOnce) {
          const batch = found.slice(from, from + atOnce)
          await Promise.all(batch.map(key => removeItem(container, key)))
          removed += batch.length
          onProgress(removed)
        }
      }
    },
  }
}

interface SyncItemKey {
  readonly id: string
  readonly partition: string | number
}

/** The first one with something in it. A query may answer with pages that are empty long before it is at its end. */
export async function firstPage<Item>(
  pages: Pick<QueryIterator<Item>, 'fetchNext' | 'hasMoreResults'>,
): Promise<readonly Item[]> {
  do {
    const { resources = [] } = await pages.fetchNext()
    if (resources.length > 0) return resources
  } while (pages.hasMoreResults())
  return []
}

async function removeItem(container: Container, { id, partition }: SyncItemKey): Promise<void> {
  const asked = await told(() => container.item(id, partition).delete())
  if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
}

const contents: Readonly<Record<string, string>> = {
  [cosmosLeasesName]: 'places in the change feeds, and what steered the site',
  [auditStoreName]: 'every resolution, and dead letters that were too large for a message',
}

function ownContainer(cosmos: CosmosClient, name: string): LeftOver {
  const place = `${cosmosDatabaseName}/${name}`
  const container = cosmos.database(cosmosDatabaseName).container(name)
  return {
    place: `container ${place}`,
    async find() {
      const asked = await told(() => container.read())
      if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
      return asked.is === 'there' ? `the container: ${contents[name]}` : undefined
    },
    async remove(onProgress) {
      const asked = await told(() => container.delete())
      if (asked.is === 'unknown') {
        throw new NotRemoved(
          `${asked.reason}; a container is removed with a key of the account, or with: az cosmosdb sql container delete ` +
            `--account-name <account> --resource-group <group> --database-name ${cosmosDatabaseName} --name ${name}`,
        )
      }
      onProgress(1)
    },
  }
}
