/** What steers the site: items of the sync table, under names that no record has. */
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { ControlStore } from '../../shared/ports/index.ts'
import { storeFailure } from './store-errors.ts'

export function createDynamoDbControlStore(client: DynamoDBClient): ControlStore {
  const keyOf = (name: string) => ({ [syncTable.key]: { S: name } })
  return {
    async read(name) {
      const command = new GetItemCommand({ TableName: syncStoreName, Key: keyOf(name), ConsistentRead: true })
      try {
        const { Item } = await client.send(command)
        return Item?.[syncTable.control]?.S
      } catch (error) {
        throw storeFailure(error)
      }
    },
    async write(name, text) {
      const Item = { ...keyOf(name), [syncTable.control]: { S: text } }
      try {
        await client.send(new PutItemCommand({ TableName: syncStoreName, Item }))
      } catch (error) {
        throw storeFailure(error)
      }
    },
  }
}
