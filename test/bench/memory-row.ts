/**
 * What memory does each function's worker take, idle and after work? V8 counts each worker's heap by itself; what a worker
 * adds beside it (compiled code outside the heap, its stack, buffers of the allocator) belongs to the process, so the
 * processes are given as well.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { type BenchClouds, withBenchClouds } from './bench-clouds.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { openCatalogue } from './catalogue.ts'
import type { OpenOptions } from './open-options.ts'
import { readFigures } from './site-figures.ts'

const writesPerSite = 500
const writesAtATime = 4
const megabyte = 2 ** 20

export const memoryRow: BenchRow = {
  name: 'memory',
  about: "memory of each function's worker, idle and after work",
  measure: options =>
    withBenchClouds({ ...options, config: join(projectRoot, 'sync.config.ts') }, async opened => [
      await memoryTable(opened, options),
    ]),
}

async function memoryTable({ clouds, clients }: BenchClouds, options: OpenOptions): Promise<FigureTable> {
  const before = await readFigures(clouds)
  options.onProgress(`memory: ${writesPerSite} writes at each site`)
  await Promise.all(clients.map((client, index) => writeCarts(client, index * writesPerSite, options.signal)))
  await untilAtRest(clouds, options.signal)
  const after = await readFigures(clouds)
  const rows = after.flatMap(({ site, figures }, index) => {
    const idle = before[index]?.figures
    return [
      {
        site,
        worker: 'the process',
        'idle heap MB': '',
        'heap MB': '',
        'heap taken MB': '',
        'buffers MB': '',
        'idle RSS MB': (idle?.rssBytes ?? Number.NaN) / megabyte,
        'RSS MB': figures.rssBytes / megabyte,
      },
      ...figures.workers.map(({ name, heapUsedBytes, heapTotalBytes, externalBytes }, place) => ({
        site,
        worker: name,
        'idle heap MB': (idle?.workers[place]?.heapUsedBytes ?? Number.NaN) / megabyte,
        'heap MB': heapUsedBytes / megabyte,
        'heap taken MB': heapTotalBytes / megabyte,
        'buffers MB': externalBytes / megabyte,
        'idle RSS MB': '',
        'RSS MB': '',
      })),
    ]
  })
  return {
    title: 'Memory of the workers',
    rows,
    notes: [
      `Idle: right after the start. The others: after ${writesPerSite} carts of 1 KB at each site have arrived everywhere; what is used`,
      'includes what the garbage collector has not taken yet. The process: emulators, triggers and all workers; DynamoDB Local is another.',
    ],
  }
}

async function writeCarts(client: BenchClouds['clients'][number], from: number, signal: AbortSignal): Promise<void> {
  const catalogue = await openCatalogue()
  for (let number = from; number < from + writesPerSite; number += writesAtATime) {
    signal.throwIfAborted()
    const numbers = Array.from({ length: writesAtATime }, (_, index) => number + index)
    await Promise.all(numbers.map(one => client.put('carts', catalogue.document('carts', one))))
  }
}

/** No site has a write that another one has not seen. */
async function untilAtRest(clouds: BenchClouds['clouds'], signal: AbortSignal): Promise<void> {
  while ((await readStatus(clouds)).routes.some(({ backlog }) => backlog > 0)) {
    signal.throwIfAborted()
    await sleep(200)
  }
}
