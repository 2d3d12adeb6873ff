/** How far an adoption is: an item of the sync table, under the type's own name, which no record has. */
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { AdoptionStore } from '../../shared/ports/index.ts'
import { adoptionText, readAdoption } from '../common/adoption-text.ts'
import { storeFailure } from './store-errors.ts'

export function createDynamoDbAdoptionStore(client: DynamoDBClient): AdoptionStore {
  const keyOf = (type: string) => ({ [syncTable.key]: { S: type } })
  return {
    async read(type) {
      const command = new GetItemCommand({ TableName: syncStoreName, Key: keyOf(type), ConsistentRead: true })
      try {
        const { Item } = await client.send(command)
        return readAdoption(Item?.[syncTable.adoption]?.S)
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(type, adoption) {
      const Item = { ...keyOf(type), [syncTable.adoption]: { S: adoptionText(adoption) } }
      try {
        await client.send(new PutItemCommand({ TableName: syncStoreName, Item }))
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
