/**
 * The record store on DynamoDB. Documents there have no version, so a commit of both is a transaction under
 * conditions on the attributes themselves; and two reads can see such a transaction half done, hence `readBoth`.
 *
 * A commit of the sync record alone is one conditional put: a transaction would cost twice as much, and while it
 * runs the application's own write of the document fails.
 */
import { randomInt } from 'node:crypto'
import {
  type DynamoDBClient,
  type Put,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { refuseUnplaceable } from '../../shared/place/travel.ts'
import type { Commit, RecordStore, Revision, StoredDocument, StoredRecord } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { type RecordRef, storedName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, encodeRecord } from '../../shared/replicate/sync-record.ts'
import { documentWriteItem } from './document-write.ts'
import { keyItem } from './item-place.ts'
import { createItemReader } from './item-reader.ts'
import { attributeToRecord, recordToAttribute } from './record-attribute.ts'
import { isRace, storeFailure } from './store-errors.ts'
import { type Item, itemToDocument } from './values.ts'

export interface DynamoDbRecordStoreOptions {
  readonly client: DynamoDBClient
  readonly here: Here
}

/** Of a partition key in DynamoDB. */
const syncKeyBytesMax = 2048

/** Where a new record's revisions start: at random, so that nobody still holds one of a record pruned before. */
const firstRevisionLimit = 2 ** 40

export function createDynamoDbRecordStore({ client, here }: DynamoDbRecordStoreOptions): RecordStore {
  const planOf = (ref: RecordRef) => dataTypeOf(here, ref.type).plan
  const readItem = createItemReader(client)
  const documentIn = (ref: RecordRef, type: TypePlan, item: Item | undefined) => {
    if (item) refuseUnplaceable(ref, type, here.plan)
    return storedDocument(ref, type, item)
  }

  return {
    async readRecord(ref) {
      const Item = await readItem(recordPlace(ref))
      return Item && storedRecord(Item)
    },

    async readDocument(ref) {
      const plan = planOf(ref)
      return documentIn(ref, plan, await readItem(documentPlace(ref, plan)))
    },

    async readBoth(ref) {
      const plan = planOf(ref)
      const command = new TransactGetItemsCommand({
        TransactItems: [{ Get: recordPlace(ref) }, { Get: documentPlace(ref, plan) }],
      })
      try {
        const { Responses: [record, document] = [] } = await client.send(command)
        return {
          stored: record?.Item && storedRecord(record.Item),
          document: documentIn(ref, plan, document?.Item),
        }
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },

    async commit(commit) {
      const { ref, document } = commit
      const put = recordPut(commit)
      const items = document && [{ Put: put }, documentWriteItem(ref, planOf(ref), document)]
      try {
        if (items) await client.send(new TransactWriteItemsCommand({ TransactItems: items }))
        else await client.send(new PutItemCommand(put))
        return 'committed'
      } catch (error) {
        if (isRace(error)) return 'raced'
        throw storeFailure(error, ref)
      }
    },
  }
}

export function recordPlace(ref: RecordRef) {
  return { TableName: syncStoreName, Key: { [syncTable.key]: { S: storedName(ref, syncKeyBytesMax).name } } }
}

function documentPlace(ref: RecordRef, plan: TypePlan) {
  return { TableName: plan.at.aws.table, Key: keyItem(ref, plan) }
}

function storedRecord(item: Item): StoredRecord {
  return {
    record: decodeRecord(attributeToRecord(item[syncTable.record]) ?? ''),
    revision: item[syncTable.revision]?.N ?? '',
  }
}

/** The conditions of a commit compare the document itself: its revision here says nothing. */
function storedDocument(ref: RecordRef, type: TypePlan, item: Item | undefined): StoredDocument {
  return { document: item && itemToDocument(ref, type, item), revision: '' }
}

function recordPut({ ref, record, expected }: Commit): Put {
  const { key, revision } = syncTable
  const { name, whole } = storedName(ref, syncKeyBytesMax)
  return {
    TableName: syncStoreName,
    Item: {
      [key]: { S: name },
      ...(whole === undefined ? {} : { [syncTable.whole]: { S: whole } }),
      [revision]: { N: nextRevision(expected) },
      [syncTable.record]: recordToAttribute(encodeRecord(record)),
      ...(record.goneAtMs === undefined ? {} : { [syncTable.gone]: { N: String(record.goneAtMs) } }),
    },
    ...(expected === undefined
      ? { ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': key } }
      : {
          ConditionExpression: '#r=:r',
          ExpressionAttributeNames: { '#r': revision },
          ExpressionAttributeValues: { ':r': { N: expected } },
        }),
  }
}

function nextRevision(expected: Revision | undefined): Revision {
  return String(expected === undefined ? randomInt(1, firstRevisionLimit) : Number(expected) + 1)
}
