/**
 * Where are the accounts that connection strings name? Cosmos: `AccountEndpoint=...;AccountKey=...;`. Storage: endpoints
 * by name, an account of the cloud, or `UseDevelopmentStorage=true`, which is an Azurite on its own ports.
 *
 * Source: https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
 */
export interface CosmosAccount {
  /** Such as `https://my-account.documents.azure.com:443/`. */
  readonly endpoint: string
  readonly key: string
}

/** Addresses of one account: `http://127.0.0.1:10001/devstoreaccount1`. */
export interface StorageEndpoints {
  readonly blob: string
  readonly queue: string
  readonly table: string
}

const developmentStorage: StorageEndpoints = {
  blob: 'http://127.0.0.1:10000/devstoreaccount1',
  queue: 'http://127.0.0.1:10001/devstoreaccount1',
  table: 'http://127.0.0.1:10002/devstoreaccount1',
}

/** @throws if the string names no account; the message does not repeat it, because it holds a key. */
export function cosmosAccount(connection: string): CosmosAccount {
  const { AccountEndpoint: endpoint, AccountKey: key } = settingsIn(connection)
  if (!endpoint || !key) throw new Error('a Cosmos connection string is AccountEndpoint=<url>;AccountKey=<key>;')
  return { endpoint, key }
}

/** @throws as `cosmosAccount`. */
export function storageEndpoints(connection: string): StorageEndpoints {
  const settings = settingsIn(connection)
  if (settings.UseDevelopmentStorage === 'true') return developmentStorage
  const { DefaultEndpointsProtocol: protocol = 'https', AccountName: account } = settings
  const { EndpointSuffix: suffix = 'core.windows.net' } = settings
  const endpoint = (service: keyof StorageEndpoints, named: string | undefined) => {
    if (named) return named
    if (!account) throw new Error('a Storage connection string holds AccountName, AccountKey and, if local, endpoints')
    return `${protocol}://${account}.${service}.${suffix}`
  }
  return {
    blob: endpoint('blob', settings.BlobEndpoint),
    queue: endpoint('queue', settings.QueueEndpoint),
    table: endpoint('table', settings.TableEndpoint),
  }
}

/** A key is Base64 and may end in `=`: only the first one of a setting separates. */
function settingsIn(connection: string): Readonly<Record<string, string>> {
  const pairs = connection.split(';').map(setting => {
    const separator = setting.indexOf('=')
    return [setting.slice(0, separator).trim(), setting.slice(separator + 1).trim()] as const
  })
  return Object.fromEntries(pairs)
}
