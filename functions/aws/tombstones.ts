/**
 * What is left of deleted documents on DynamoDB: a sparse index over the sync table, which has only the items with a
 * time at which their document went.
 *
 * It is scanned, not queried by that time: a query needs one partition for all, and a partition that takes every
 * deletion would throttle the table itself. The price: young tombstones are read too, about 40 for each half unit.
 */
import { DeleteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { syncStoreName, syncTable, tombstoneIndex } from '../../shared/declare/resource-names.ts'
import * as z from '../../shared/document/schema.ts'
import type { Tombstones } from '../../shared/ports/index.ts'
import { refFromName } from '../../shared/replicate/record-ref.ts'
import { recordPlace } from './record-store.ts'
import { isRace, storeFailure } from './store-errors.ts'

/** No more than a peer answers for in one request. */
const pageSize = 100

/** The key of an item in the index. */
const cursorSchema = z.record(z.string(), z.union([z.object({ S: z.string() }), z.object({ N: z.string() })]))

export function createDynamoDbTombstones(client: DynamoDBClient): Tombstones {
  return {
    async list(beforeMs, cursor) {
      const command = new ScanCommand({
        TableName: syncStoreName,
        IndexName: tombstoneIndex,
        Limit: pageSize,
        FilterExpression: '#g<=:g',
        ExpressionAttributeNames: { '#g': syncTable.gone },
        ExpressionAttributeValues: { ':g': { N: String(Math.floor(beforeMs)) } },
        ...(cursor === undefined ? {} : { ExclusiveStartKey: cursorSchema.parse(JSON.parse(cursor)) }),
      })
      try {
        const { Items = [], LastEvaluatedKey } = await client.send(command)
        const names = Items.map(item => (item[syncTable.whole] ?? item[syncTable.key])?.S ?? '')
        return { refs: names.map(refFromName), cursor: LastEvaluatedKey && JSON.stringify(LastEvaluatedKey) }
      } catch (error) {
        throw storeFailure(error)
      }
    },

    async remove(ref, expected) {
      const command = new DeleteItemCommand({
        ...recordPlace(ref),
        ConditionExpression: '#r=:r',
        ExpressionAttributeNames: { '#r': syncTable.revision },
        ExpressionAttributeValues: { ':r': { N: expected } },
      })
      try {
        await client.send(command)
        return 'committed'
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },
  }
}
