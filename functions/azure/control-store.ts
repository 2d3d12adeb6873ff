/** What steers the site: an item for each name, beside the leases of the change feed. */
import type { CosmosClient } from '@azure/cosmos'
import { cosmosDatabaseName, cosmosLeasesName } from '../../shared/declare/resource-names.ts'
import { type ControlStore, StoreUnavailable } from '../../shared/ports/index.ts'
import { createAccountCheck } from './account-check.ts'
import { readDeadline } from './cosmos-client.ts'
import { ownerMissing, storeFailure } from './store-errors.ts'

interface ControlItem {
  readonly id: string
  readonly text: string
}

export function createCosmosControlStore(client: CosmosClient): ControlStore {
  const assertAccountSuited = createAccountCheck(client)
  const container = client.database(cosmosDatabaseName).container(cosmosLeasesName)
  const idOf = (name: string) => `control-${name}`
  return {
    async read(name) {
      await assertAccountSuited()
      try {
        const id = idOf(name)
        const { resource, statusCode, substatus } = await container.item(id, id).read<ControlItem>(readDeadline())
        if (statusCode === 404 && substatus === ownerMissing) {
          throw new StoreUnavailable(`there is no container '${cosmosLeasesName}'`)
        }
        return resource?.text
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(name, text) {
      const item: ControlItem = { id: idOf(name), text }
      try {
        await container.items.upsert(item)
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
