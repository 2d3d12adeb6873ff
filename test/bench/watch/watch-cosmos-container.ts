/** What appears in a Cosmos container, by its change feed. */
import { ChangeFeedStartFrom, CosmosClient } from '@azure/cosmos'
import { cosmosSyncMark } from '../../../shared/declare/resource-names.ts'
import { startPollLoop } from './poll-loop.ts'
import type { WatchPlace } from './watch-place.ts'

export async function watchCosmosContainer({ site, type, field, onSeen }: WatchPlace): Promise<() => Promise<void>> {
  const { endpoints, credentials, data } = site
  const key = data[type]?.key[0] ?? ''
  const client = new CosmosClient({ endpoint: endpoints.cosmos ?? '', key: credentials?.cosmosKey ?? '' })
  const container = client.database(String(data[type]?.database)).container(String(data[type]?.container))
  const feed = container.items.getChangeFeedIterator<Readonly<Record<string, unknown>>>({
    changeFeedStartFrom: ChangeFeedStartFrom.Now(),
  })
  const poll = async () => {
    const { result } = await feed.readNext()
    for (const item of result ?? []) {
      const { [key]: name, [field]: value } = item
      // The sync item beside a document.
      if (Object.hasOwn(item, cosmosSyncMark)) continue
      if (typeof name === 'string' && typeof value === 'number') onSeen(name, value)
    }
    return (result ?? []).length > 0
  }
  // "Now" is when the first page is read.
  await poll()
  const end = startPollLoop(poll)
  return async () => {
    await end()
    client.dispose()
  }
}
