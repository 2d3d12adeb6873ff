/**
 * Strongly consistent reads of single items, of whatever tables: those of one moment in one request. Each costs what it costs
 * alone and is read after it was asked for; a function waits for fewer answers, and computes less.
 */
import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
} from '@aws-sdk/client-dynamodb'
import { together } from '../common/together.ts'
import { storeFailure } from './store-errors.ts'
import type { Item } from './values.ts'

export interface ReadPlace {
  readonly TableName: string
  readonly Key: Readonly<Record<string, AttributeValue>>
}

/** Undefined: there is no such item. Rejects with `StoreUnavailable`. */
export type ReadItem = (place: ReadPlace) => Promise<Item | undefined>

/** A request takes 100 keys and answers with 16 MB at most; an item has up to 400 KB. */
const itemsMax = 40

export function createItemReader(client: DynamoDBClient): ReadItem {
  const readAlone: ReadItem = async place => {
    try {
      const { Item } = await client.send(new GetItemCommand({ ...place, ConsistentRead: true }))
      return Item
    } catch (error) {
      throw storeFailure(error)
    }
  }
  return together(async (places: readonly ReadPlace[]) => {
    // One key twice is refused.
    const wanted = new Map(places.map(place => [nameOf(place), place]))
    const read = wanted.size > 1 ? await readMany(client, [...wanted.values()]) : undefined
    const answers = new Map(
      [...wanted].map(([name, place]) => [
        name,
        read?.left.has(name) === false ? read.items.get(name) : readAlone(place),
      ]),
    )
    return places.map(place => answers.get(nameOf(place)))
  }, itemsMax)
}

/** What a request fails with because of one of its tables or keys. */
const ofOneTable: ReadonlySet<string> = new Set([
  'ResourceNotFoundException',
  'AccessDeniedException',
  'ValidationException',
])

interface ReadMany {
  readonly items: ReadonlyMap<string, Item>
  /** What the answer had no room for, or its table no capacity. */
  readonly left: ReadonlySet<string>
}

/** A store that has no capacity, or is not there, is not asked again for each. */
function mayBeOfOne(error: unknown): boolean {
  if (!(error instanceof DynamoDBServiceException)) return false
  return ofOneTable.has(error.name) || error.$metadata.httpStatusCode === 500
}

/** Undefined: one of the tables answers such a question with an error; alone each read has its own. */
async function readMany(client: DynamoDBClient, places: readonly ReadPlace[]): Promise<ReadMany | undefined> {
  const byTable = Map.groupBy(places, ({ TableName }) => TableName)
  const RequestItems = Object.fromEntries(
    [...byTable].map(([table, row]) => [table, { Keys: row.map(({ Key }) => Key), ConsistentRead: true }]),
  )
  try {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(new BatchGetItemCommand({ RequestItems }))
    const items = Object.entries(Responses).flatMap(([TableName, row]) => {
      const attributes = Object.keys(byTable.get(TableName)?.[0]?.Key ?? {})
      return row.map(item => [nameOf({ TableName, Key: pick(item, attributes) }), item] as const)
    })
    const left = Object.entries(UnprocessedKeys).flatMap(([TableName, { Keys = [] }]) =>
      Keys.map(Key => nameOf({ TableName, Key })),
    )
    return { items: new Map(items), left: new Set(left) }
  } catch (error) {
    if (mayBeOfOne(error)) return undefined
    throw storeFailure(error)
  }
}

function pick(item: Item, attributes: readonly string[]): Item {
  return Object.fromEntries(attributes.flatMap(name => (item[name] ? [[name, item[name]]] : [])))
}

/** DynamoDB writes a number as it likes: 1.50 comes back as 1.5. */
function nameOf({ TableName, Key }: ReadPlace): string {
  const parts = Object.entries(Key).map(([name, { S, N }]) => [name, S ?? Number(N)])
  return JSON.stringify([TableName, parts.sort()])
}
