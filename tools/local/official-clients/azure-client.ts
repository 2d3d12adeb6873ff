/** An application on Cosmos DB. */
import { CosmosClient, type PatchOperation } from '@azure/cosmos'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient, FieldPath, Item } from './application-client.ts'
import { fillText, type KeyText, keyFields, keyTextValue } from './place-text.ts'

/** What Cosmos adds to every item. */
const systemProperties = new Set(['_rid', '_self', '_etag', '_attachments', '_ts'])

export function openCosmos({ endpoints, credentials }: SiteEndpoints): CosmosClient {
  return new CosmosClient({ endpoint: endpoints.cosmos ?? '', key: credentials?.cosmosKey ?? '' })
}

export function createAzureClient(site: string, at: SiteEndpoints): ApplicationClient {
  const { data } = at
  const client = openCosmos(at)
  const containerOf = (type: string) =>
    client.database(String(data[type]?.database)).container(String(data[type]?.container))
  const placeOf = (type: string, fields: Readonly<Record<string, unknown>>) => {
    const partition = data[type]?.partition as KeyText
    const id = fillText(String(data[type]?.id), fields)
    return { id, partition, partitionKey: keyTextValue(partition, fields) }
  }
  const itemOf = (type: string, key: readonly string[]) => {
    const { id, partitionKey } = placeOf(type, keyFields(data[type], key))
    return containerOf(type).item(id, partitionKey)
  }
  const pointer = (path: FieldPath) => path.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

  async function patch(type: string, key: readonly string[], operation: PatchOperation) {
    await itemOf(type, key).patch([operation])
  }

  return {
    site,
    async put(type, document) {
      const { id, partition, partitionKey } = placeOf(type, document)
      await containerOf(type).items.upsert({ id, [partition.attribute]: partitionKey, ...document })
    },
    async read(type, key) {
      const { resource, statusCode } = await itemOf(type, key).read<Item>()
      if (statusCode === 404 || !resource) return undefined
      const added = new Set([...systemProperties, 'id', placeOf(type, resource).partition.attribute])
      const isOwn = (name: string) => !added.has(name) || data[type]?.key.includes(name)
      return Object.fromEntries(Object.entries(resource).filter(([name]) => isOwn(name)))
    },
    async remove(type, key) {
      await itemOf(type, key).delete()
    },
    set: (type, key, path, value) => patch(type, key, { op: 'set', path: pointer(path), value }),
    unset: (type, key, path) => patch(type, key, { op: 'remove', path: pointer(path) }),
    increment: (type, key, path, by) => patch(type, key, { op: 'incr', path: pointer(path), value: by }),
    async close() {
      client.dispose()
    },
  }
}
