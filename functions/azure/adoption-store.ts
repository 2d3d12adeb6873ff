/** How far an adoption is: an item for each type, beside the leases of the change feed. */
import type { CosmosClient } from '@azure/cosmos'
import { cosmosDatabaseName, cosmosLeasesName } from '../../shared/declare/resource-names.ts'
import { type AdoptionStore, StoreUnavailable } from '../../shared/ports/index.ts'
import { adoptionText, readAdoption } from '../common/adoption-text.ts'
import { createAccountCheck } from './account-check.ts'
import { readDeadline } from './cosmos-client.ts'
import { ownerMissing, storeFailure } from './store-errors.ts'

interface AdoptionItem {
  readonly id: string
  readonly adoption: string
}

export function createCosmosAdoptionStore(client: CosmosClient): AdoptionStore {
  const assertAccountSuited = createAccountCheck(client)
  const container = client.database(cosmosDatabaseName).container(cosmosLeasesName)
  const idOf = (type: string) => `adoption-${type}`
  return {
    async read(type) {
      await assertAccountSuited()
      try {
        const id = idOf(type)
        const { resource, statusCode, substatus } = await container.item(id, id).read<AdoptionItem>(readDeadline())
        if (statusCode === 404 && substatus === ownerMissing) {
          throw new StoreUnavailable(`there is no container '${cosmosLeasesName}'`)
        }
        return readAdoption(resource?.adoption)
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(type, adoption) {
      const item: AdoptionItem = { id: idOf(type), adoption: adoptionText(adoption) }
      try {
        await container.items.upsert(item)
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
