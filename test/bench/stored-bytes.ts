/**
 * What lies in a site's stores, read with its cloud's official client, each item with its size as that store counts it:
 * the documents of one set, and their sync records.
 */
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { CosmosClient } from '@azure/cosmos'
import { Firestore } from '@google-cloud/firestore'
import { refOfSyncItem } from '../../functions/azure/sync-item.ts'
import { valueBytes } from '../../functions/gcp/document-limits.ts'
import { cosmosSyncMark, syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { SiteEndpoints } from '../../tools/local/local-site.ts'
import type { DocumentSet } from './catalogue.ts'
import { dynamoDbItemBytes } from './dynamodb-item-bytes.ts'

export interface StoredBytes {
  /** Of each document. */
  readonly documents: readonly number[]
  /** Of each sync record of the type. */
  readonly records: readonly number[]
}

export function readStoredBytes(site: SiteEndpoints, set: DocumentSet): Promise<StoredBytes> {
  if (site.cloud === 'aws') return inDynamoDb(site, set)
  return site.cloud === 'gcp' ? inFirestore(site, set) : inCosmos(site, set)
}

async function inDynamoDb(site: SiteEndpoints, { type, keyPrefix }: DocumentSet): Promise<StoredBytes> {
  const client = new DynamoDBClient({
    region: site.region,
    endpoint: site.endpoints.dynamodb ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
  const bytesIn = async (TableName: string, keyField: string, prefix: string) => {
    const pages = await Array.fromAsync(paginateScan({ client }, { TableName, ConsistentRead: true }))
    const items = pages.flatMap(({ Items = [] }) => Items)
    return items.filter(item => item[keyField]?.S?.startsWith(prefix)).map(dynamoDbItemBytes)
  }
  const at = site.data[type]
  try {
    return {
      documents: await bytesIn(String(at?.table), at?.key[0] ?? '', keyPrefix),
      records: await bytesIn(syncStoreName, syncTable.key, `${type}#${keyPrefix}`),
    }
  } finally {
    client.destroy()
  }
}

/** Of a document's name, besides its texts; of a document. https://firebase.google.com/docs/firestore/storage-size */
const nameBytes = 16
const documentBytes = 32

async function inFirestore(site: SiteEndpoints, { type, keyPrefix }: DocumentSet): Promise<StoredBytes> {
  const client = new Firestore({ projectId: site.project ?? '', host: site.endpoints.firestore ?? '', ssl: false })
  const bytesIn = async (collection: string, prefix: string) => {
    const { docs } = await client.collection(collection).get()
    const ours = docs.filter(({ id }) => id.startsWith(prefix))
    return ours.map(snapshot => {
      const path = snapshot.ref.path.split('/')
      const named = path.reduce((sum, segment) => sum + Buffer.byteLength(segment) + 1, nameBytes)
      return named + valueBytes(snapshot.data()) + documentBytes
    })
  }
  try {
    return {
      documents: await bytesIn(String(site.data[type]?.collection), keyPrefix),
      records: await bytesIn(syncStoreName, `${type}#${keyPrefix}`),
    }
  } finally {
    await client.terminate()
  }
}

async function inCosmos(site: SiteEndpoints, { type, keyPrefix }: DocumentSet): Promise<StoredBytes> {
  const client = new CosmosClient({ endpoint: site.endpoints.cosmos ?? '', key: site.credentials?.cosmosKey ?? '' })
  try {
    const at = site.data[type]
    const items = client.database(String(at?.database)).container(String(at?.container)).items
    const { resources } = await items.query<{ readonly id: string }>('SELECT * FROM c').fetchAll()
    const records = resources.filter(item => Object.hasOwn(item, cosmosSyncMark))
    const documents = resources.filter(item => !records.includes(item) && item.id.startsWith(keyPrefix))
    const isOfSet = ({ id, ...item }: (typeof records)[number]) => refOfSyncItem(id, item).key[0]?.startsWith(keyPrefix)
    return { documents: documents.map(itemBytes), records: records.filter(isOfSet).map(itemBytes) }
  } finally {
    client.dispose()
  }
}

/** As JSON, without what Cosmos adds to every item. */
function itemBytes(item: object): number {
  const { _rid, _self, _etag, _attachments, _ts, ...own }: Readonly<Record<string, unknown>> = { ...item }
  return Buffer.byteLength(JSON.stringify(own))
}
