/** Every document of a data type at one site, by its key, read with the official client of its cloud. */
import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { CosmosClient } from '@azure/cosmos'
import { Firestore } from '@google-cloud/firestore'
import type { SiteEndpoints } from '../../tools/local/local-site.ts'
import type { Item, Value } from '../../tools/local/official-clients/application-client.ts'

export interface DocumentReader {
  readonly site: string
  read(type: string): Promise<ReadonlyMap<string, Item>>
  close(): Promise<void>
}

export function openReader(site: string, at: SiteEndpoints): DocumentReader {
  if (at.cloud === 'aws') return readDynamoDb(site, at)
  return at.cloud === 'gcp' ? readFirestore(site, at) : readCosmos(site, at)
}

function byKey(at: SiteEndpoints, type: string, documents: readonly Item[]): ReadonlyMap<string, Item> {
  const [field = ''] = at.data[type]?.key ?? []
  return new Map(documents.map(document => [String(document[field]), document]))
}

function readDynamoDb(site: string, at: SiteEndpoints): DocumentReader {
  const client = new DynamoDBClient({
    region: at.region,
    endpoint: at.endpoints.dynamodb ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  return {
    site,
    async read(type) {
      const documents: Item[] = []
      const scan = { TableName: String(at.data[type]?.table), ConsistentRead: true }
      for await (const { Items = [] } of paginateScan({ client }, scan)) documents.push(...Items.map(itemOf))
      return byKey(at, type, documents)
    },
    close: async () => client.destroy(),
  }
}

function itemOf(attributes: Readonly<Record<string, AttributeValue>>): Item {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, plainValue(value)]))
}

function plainValue(attribute: AttributeValue): Value {
  if (attribute.S !== undefined) return attribute.S
  if (attribute.N !== undefined) return Number(attribute.N)
  if (attribute.BOOL !== undefined) return attribute.BOOL
  if (attribute.NULL !== undefined) return null
  if (attribute.L !== undefined) return attribute.L.map(plainValue)
  if (attribute.M !== undefined) return itemOf(attribute.M)
  throw new Error(`no real document holds this: ${JSON.stringify(attribute)}`)
}

function readFirestore(site: string, at: SiteEndpoints): DocumentReader {
  const client = new Firestore({ projectId: at.project ?? '', host: at.endpoints.firestore ?? '', ssl: false })
  return {
    site,
    async read(type) {
      const { docs } = await client.collection(String(at.data[type]?.collection)).get()
      return byKey(
        at,
        type,
        docs.map(document => document.data()),
      )
    },
    close: () => client.terminate(),
  }
}

const ofCosmos = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts'])

function readCosmos(site: string, at: SiteEndpoints): DocumentReader {
  const client = new CosmosClient({ endpoint: at.endpoints.cosmos ?? '', key: at.credentials?.cosmosKey ?? '' })
  return {
    site,
    async read(type) {
      const container = client.database(String(at.data[type]?.database)).container(String(at.data[type]?.container))
      const { resources } = await container.items
        .query<Item>('SELECT * FROM c WHERE NOT IS_DEFINED(c._tributary)')
        .fetchAll()
      const documents = resources.map(item =>
        Object.fromEntries(Object.entries(item).filter(([name]) => !ofCosmos.has(name))),
      )
      return byKey(at, type, documents)
    },
    close: async () => client.dispose(),
  }
}
