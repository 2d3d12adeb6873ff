/** An application on Cosmos DB. */
import { CosmosClient, type PatchOperation } from '@azure/cosmos'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient, FieldPath, Item } from './application-client.ts'

/** What Cosmos adds to every item. */
const systemProperties = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts'])

export function createAzureClient(site: string, { endpoints, credentials, data }: SiteEndpoints): ApplicationClient {
  const client = new CosmosClient({ endpoint: endpoints.cosmos ?? '', key: credentials?.cosmosKey ?? '' })
  const containerOf = (type: string) =>
    client.database(String(data[type]?.database)).container(String(data[type]?.container))
  const itemOf = (type: string, key: readonly string[]) => containerOf(type).item(key.join('|'), key[0])
  const pointer = (path: FieldPath) => path.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

  async function patch(type: string, key: readonly string[], operation: PatchOperation) {
    await itemOf(type, key).patch([operation])
  }

  return {
    site,
    async put(type, document) {
      const key = (data[type]?.key ?? []).map(name => String(document[name]))
      await containerOf(type).items.upsert({ id: key.join('|'), ...document })
    },
    async read(type, key) {
      const { resource, statusCode } = await itemOf(type, key).read<Item>()
      if (statusCode === 404 || !resource) return undefined
      return Object.fromEntries(Object.entries(resource).filter(([name]) => !systemProperties.has(name)))
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
