/** Goes through the items of a type, and through its sync records, by the keys alone. */
import { type AttributeValue, type DynamoDBClient, ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb'
import { syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { DocumentScan, ScanPage } from '../../shared/ports/index.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import { type RecordRef, refFromName } from '../../shared/replicate/record-ref.ts'
import { keyOfItem } from './item-place.ts'
import { storeFailure } from './store-errors.ts'

const pageMax = 200

export interface DynamoDbDocumentScanOptions {
  readonly client: DynamoDBClient
  readonly here: Here
}

export function createDynamoDbDocumentScan({ client, here }: DynamoDbDocumentScanOptions): DocumentScan {
  return {
    documents(type, cursor) {
      const { plan } = dataTypeOf(here, type)
      const attributes = plan.at.aws.key.map(({ attribute }) => attribute)
      return scanPage(client, { ...projection(attributes), TableName: plan.at.aws.table }, cursor, item => {
        const key = keyOfItem(plan, Object.fromEntries(attributes.map(name => [name, scalar(item[name])])))
        return key && { type, key }
      })
    },
    records(type, cursor) {
      const input = { ...projection([syncTable.key, syncTable.whole]), TableName: syncStoreName }
      return scanPage(client, input, cursor, item => {
        const name = item[syncTable.whole]?.S ?? item[syncTable.key]?.S ?? ''
        return name.startsWith(`${type}#`) ? refFromName(name) : undefined
      })
    },
  }
}

function projection(attributes: readonly string[]) {
  const names = attributes.map((name, index) => [`#${index}`, name] as const)
  return {
    ProjectionExpression: names.map(([placeholder]) => placeholder).join(','),
    ExpressionAttributeNames: Object.fromEntries(names),
  }
}

function scalar(value: AttributeValue | undefined): { readonly S?: string; readonly N?: string } {
  if (value?.S !== undefined) return { S: value.S }
  return value?.N === undefined ? {} : { N: value.N }
}

async function scanPage(
  client: DynamoDBClient,
  input: ScanCommandInput,
  cursor: string | undefined,
  refOf: (item: Record<string, AttributeValue>) => RecordRef | undefined,
): Promise<ScanPage> {
  const start: Record<string, AttributeValue> | undefined = cursor === undefined ? undefined : JSON.parse(cursor)
  const command = new ScanCommand({
    ...input,
    ConsistentRead: true,
    Limit: pageMax,
    ...(start && { ExclusiveStartKey: start }),
  })
  try {
    const { Items = [], LastEvaluatedKey } = await client.send(command)
    return {
      refs: Items.flatMap(item => refOf(item) ?? []),
      next: LastEvaluatedKey && JSON.stringify(LastEvaluatedKey),
    }
  } catch (error) {
    throw storeFailure(error)
  }
}
