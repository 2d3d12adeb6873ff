/** The table of the DynamoDB rows: partition and sort key, a stream with both images, a time to live. */
import { randomUUID } from 'node:crypto'
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import type { Bench } from '../behaviour.ts'
import { present } from '../expectations.ts'
import { awsSettings } from './access.ts'

export type Attributes = Readonly<Record<string, AttributeValue>>

export interface Table {
  readonly client: DynamoDBClient
  readonly name: string
  readonly streamArn: string
  put(item: Attributes): Promise<void>
  /** With a strong read. */
  get(key: Attributes): Promise<Attributes | undefined>
}

const createSecondsMax = 120

export async function createTable(
  { environment, prefix, created }: Bench,
  kind: string,
  options: { readonly streamed: boolean },
): Promise<Table> {
  const client = new DynamoDBClient(awsSettings(environment, 'AWS_ENDPOINT_URL_DYNAMODB'))
  const name = `${prefix}-${kind}`
  created(`DynamoDB table ${name}`, () => removeTable(client, name))
  const { TableDescription: table } = await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: ['pk', 'sk'].map(AttributeName => ({ AttributeName, AttributeType: 'S' as const })),
      ...(options.streamed
        ? { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const } }
        : {}),
    }),
  )
  await waitUntilTableExists({ client, maxWaitTime: createSecondsMax, minDelay: 1, maxDelay: 2 }, { TableName: name })
  if (options.streamed) {
    const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true }
    await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }))
  }
  return {
    client,
    name,
    streamArn: options.streamed ? present(table?.LatestStreamArn, "the stream's ARN") : '',
    async put(item) {
      await client.send(new PutItemCommand({ TableName: name, Item: item }))
    },
    async get(key) {
      const { Item } = await client.send(new GetItemCommand({ TableName: name, Key: key, ConsistentRead: true }))
      return Item
    },
  }
}

/** A key that no other row uses. */
export function newKey(): { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } } {
  return { pk: { S: randomUUID() }, sk: { S: 'item' } }
}

async function removeTable(client: DynamoDBClient, name: string): Promise<void> {
  try {
    await client.send(new DeleteTableCommand({ TableName: name }))
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error
  }
}
