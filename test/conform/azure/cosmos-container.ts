/** The container of the Cosmos rows, and how its change feed is read to its present end. */
import { randomUUID } from 'node:crypto'
import {
  type ChangeFeedIteratorOptions,
  ChangeFeedStartFrom,
  type ConnectionPolicy,
  type Container,
  type ContainerRequest,
  CosmosClient,
  type JSONObject,
  type PartitionKey,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
} from '@azure/cosmos'
import type { Environment } from '../../../tools/local/replaced-endpoints.ts'
import type { Bench } from '../behaviour.ts'
import { holds, present } from '../expectations.ts'

export interface CosmosTarget {
  readonly client: CosmosClient
  /** Partition key `/customer`. */
  readonly container: Container
  /** The same container by a client that has written nothing: it holds no session token. */
  stranger(): Container
  /** The same container by a client that does not try again when it is throttled. */
  impatient(): Container
  /** Of its own, where a row reads a whole feed. */
  newContainer(definition?: Partial<ContainerRequest>): Promise<Container>
  readonly throttle?: (on: boolean) => void
  close(): Promise<void>
}

export interface Cart extends JSONObject {
  id: string
  customer: string
  total: number
}

export interface StoredCart extends Cart {
  readonly _etag: string
  readonly _lsn: number
}

/** A document in a logical partition that no other row uses. */
export function newCart(fields: JSONObject = {}): Cart {
  return { id: '1', customer: randomUUID(), total: 1, ...fields }
}

export function itemOf(container: Container, { id, customer }: Cart) {
  return container.item(id, customer)
}

export function ifMatch(condition: string) {
  return { accessCondition: { type: 'IfMatch', condition } }
}

export const fromBeginning: ChangeFeedIteratorOptions = { changeFeedStartFrom: ChangeFeedStartFrom.Beginning() }
const pagesMax = 1_000

/** Version 2 takes keys of 2,048 bytes, version 1 compares 101 of them. */
const partitionKey = {
  paths: ['/customer'],
  kind: PartitionKeyKind.Hash,
  version: PartitionKeyDefinitionVersion.V2,
}

export function beginningOf(partition: PartitionKey): ChangeFeedIteratorOptions {
  return { changeFeedStartFrom: ChangeFeedStartFrom.Beginning(partition) }
}

export interface Drained<Change> {
  readonly changes: readonly Change[]
  readonly pages: readonly (readonly Change[])[]
  readonly continuation: string
}

/** Everything from `options` on, until the feed says that nothing is new. */
export async function drain<Change = StoredCart>(
  container: Container,
  options: ChangeFeedIteratorOptions,
): Promise<Drained<Change>> {
  const iterator = container.items.getChangeFeedIterator<Change>(options)
  const pages: (readonly Change[])[] = []
  for (;;) {
    const page = await iterator.readNext()
    if (page.statusCode === 304) return { changes: pages.flat(), pages, continuation: page.continuationToken }
    pages.push([...page.result])
    holds(pages.length <= pagesMax, `the feed did not end within ${pagesMax} pages`)
  }
}

export async function openCosmos(bench: Bench): Promise<CosmosTarget> {
  const { environment, prefix, created, throttle } = bench
  const client = createClient(environment)
  const others: CosmosClient[] = []
  created(`Cosmos database ${prefix}`, () => removeDatabase(client, prefix))
  const { database } = await client.databases.create({ id: prefix })
  let count = 0
  const newContainer = async (definition: Partial<ContainerRequest> = {}) => {
    const id = `items-${++count}`
    const request = { id, partitionKey, ...definition }
    return (await database.containers.create(request)).container
  }
  const container = await newContainer()
  const byOther = (policy: ConnectionPolicy = {}) => {
    const other = createClient(environment, policy)
    others.push(other)
    return other.database(prefix).container(container.id)
  }
  return {
    client,
    container,
    newContainer,
    stranger: () => byOther(),
    impatient: () => byOther({ retryOptions: { maxRetryAttemptCount: 0 } }),
    ...(throttle ? { throttle } : {}),
    async close() {
      for (const each of [client, ...others]) each.dispose()
    },
  }
}

function createClient(environment: Environment, connectionPolicy: ConnectionPolicy = {}): CosmosClient {
  const { COSMOS_CONNECTION_STRING: connectionString } = environment
  if (connectionString) return new CosmosClient({ connectionString, connectionPolicy })
  return new CosmosClient({
    connectionPolicy,
    endpoint: present(environment.COSMOS_ENDPOINT, 'COSMOS_ENDPOINT'),
    key: present(environment.COSMOS_KEY, 'COSMOS_KEY'),
  })
}

async function removeDatabase(client: CosmosClient, id: string): Promise<void> {
  try {
    await client.database(id).delete()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 404)) throw error
  }
}
