/**
 * What does a sync record take beside its document, in the bytes that each store counts? Looked up in the stores: after the
 * documents were created, and after every site has changed each of them.
 */
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import { untilAtRest } from './at-rest.ts'
import { type BenchClouds, withBenchClouds } from './bench-clouds.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { type DocumentSet, openCatalogue } from './catalogue.ts'
import type { OpenOptions } from './open-options.ts'
import { readStoredBytes } from './stored-bytes.ts'

const numbers = Array.from({ length: 20 }, (_, number) => number)

export const storageRow: BenchRow = {
  name: 'storage',
  about: 'bytes of a sync record beside its document, as each store counts them',
  measure: options =>
    withBenchClouds({ ...options, config: join(projectRoot, 'test/carts-and-products.config.ts') }, async opened => [
      await storageTable(opened, options),
    ]),
}

async function storageTable({ clouds, clients, endpoints }: BenchClouds, options: OpenOptions): Promise<FigureTable> {
  const { onProgress, signal } = options
  const { all: sets } = await openCatalogue()
  const rows: FigureTable['rows'][number][] = []
  onProgress('storage: creating')
  for (const set of sets) {
    for (const number of numbers) await clients[0]?.put(set.type, set.document(number))
  }
  await untilAtRest(clouds, signal)
  rows.push(...(await rowsOf(sets, endpoints, 'created')))
  for (const [round, client] of clients.entries()) {
    onProgress(`storage: changing at ${client.site}`)
    for (const set of sets) await changeAll(client, set, round)
    await untilAtRest(clouds, signal)
  }
  rows.push(...(await rowsOf(sets, endpoints, 'changed by every site')))
  return {
    title: 'Storage of a sync record',
    rows,
    notes: [
      `Mean of ${numbers.length} documents. Limit (the goal): 0.6 of the document and 300 bytes.`,
      'DynamoDB and Firestore by their published formulas, keys and names included; Cosmos: the item as JSON without what the store adds.',
    ],
  }
}

async function changeAll(client: ApplicationClient, { type, keyPrefix, changed }: DocumentSet, round: number) {
  for (const number of numbers) {
    const document = await client.read(type, [`${keyPrefix}${number}`])
    if (!document) throw new Error(`${client.site} has no ${keyPrefix}${number}`)
    await client.put(type, changed(document, round))
  }
}

async function rowsOf(
  sets: readonly DocumentSet[],
  endpoints: BenchClouds['endpoints'],
  state: string,
): Promise<FigureTable['rows']> {
  const rows = sets.flatMap(set =>
    Object.entries(endpoints).map(async ([site, at]) => {
      const stored = await readStoredBytes(at, set)
      const { length } = stored.records
      if (length !== numbers.length) throw new Error(`${site} has ${length} sync records of ${set.name}`)
      const [document, record] = [mean(stored.documents), mean(stored.records)]
      return {
        documents: set.name,
        state,
        site,
        'document bytes': document,
        'sync record bytes': record,
        'to the document': record / document,
        'to the limit': record / (0.6 * document + 300),
      }
    }),
  )
  return Promise.all(rows)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
