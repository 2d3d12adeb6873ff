/** How many documents a second does `tributary adopt` take over, of tables that held the same documents at two sites? */
import { join } from 'node:path'
import { systemClock } from '../../functions/common/system-clock.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { adopt } from '../../shared/replicate/adopt.ts'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import { adoptingSiteBehind } from '../../tools/stores/adopting-protocol.ts'
import { type BenchClouds, withBenchClouds } from './bench-clouds.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import type { OpenOptions } from './open-options.ts'

/** Has a type at two sites that is declared with `adopt`. */
const config = join(projectRoot, 'test/clouds/tables.config.ts')
const typeName = 'stock-of-two'
const documents = 500
const writesAtATime = 8
/** As the command's tests wait; 30 s in the clouds. */
const settleMs = 3000

export const adoptRow: BenchRow = {
  name: 'adopt',
  about: 'documents a second taken over by adopt at two sites',
  measure: options => withBenchClouds({ ...options, config }, async opened => [await measureAdoption(opened, options)]),
}

async function measureAdoption({ clouds, clients }: BenchClouds, options: OpenOptions): Promise<FigureTable> {
  const { onProgress, signal } = options
  const type = typeOf(clouds.plan, typeName)
  if (!type) throw new Error(`${config} declares no ${typeName}`)
  onProgress(`adopt: writing ${documents} documents at each of ${type.sites.join(', ')}`)
  const holders = clients.filter(({ site }) => type.sites.includes(site))
  await Promise.all(holders.map(client => writeAll(client, signal)))

  onProgress('adopt: adopting')
  const startedMs = performance.now()
  const result = await adopt({
    type,
    sites: type.sites.map(site => adoptingSiteBehind(site, request => clouds.ask(site, { ask: 'adopting', request }))),
    clock: systemClock,
    settleMs,
    onProgress: () => undefined,
    onRefused: ({ site, reason }) => onProgress(`adopt: ${site}: ${reason}`),
    signal,
  })
  signal.throwIfAborted()
  const seconds = (performance.now() - startedMs) / 1000
  if (result.outcome !== 'adopted' || result.seen !== documents) {
    throw new Error(`the adoption is not what was to be measured: ${JSON.stringify(result)}`)
  }
  return {
    title: 'Adoption',
    rows: [
      {
        documents,
        sites: type.sites.length,
        seconds,
        'documents/s': documents / seconds,
        'documents/s beside the waits': documents / (seconds - (2 * settleMs) / 1000),
      },
    ],
    notes: [
      `Equal documents at ${type.sites.join(' and ')}, no writes meanwhile, one instance of everything on this machine.`,
      `The waits: ${settleMs / 1000} s until the feeds have settled and as much before what was found is noted, whatever the number.`,
    ],
  }
}

async function writeAll(client: ApplicationClient, signal: AbortSignal): Promise<void> {
  for (let first = 0; first < documents; first += writesAtATime) {
    signal.throwIfAborted()
    const numbers = Array.from({ length: Math.min(writesAtATime, documents - first) }, (_, index) => first + index)
    await Promise.all(numbers.map(number => client.put(typeName, stockLevel(number))))
  }
}

function stockLevel(number: number): Item {
  return {
    sku: `sku-${number}`,
    title: `title ${number}`,
    on_hand: 1000 + number,
    shelves: { a: { units: 7 }, b: { units: number % 50 } },
  }
}
