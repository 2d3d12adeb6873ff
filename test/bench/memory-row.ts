/**
 * What memory does each function's worker take, idle and after work? V8 counts each worker's heap by itself; what a worker
 * adds beside it (compiled code, its stack, what the allocator keeps) belongs to the process, so those are given as well.
 */
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { untilAtRest } from './at-rest.ts'
import { type BenchClouds, withBenchClouds } from './bench-clouds.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { openCatalogue } from './catalogue.ts'
import type { OpenOptions } from './open-options.ts'
import { readFigures } from './site-figures.ts'

const writesPerSite = 300
const writesAtATime = 4
const megabyte = 2 ** 20

export const memoryRow: BenchRow = {
  name: 'memory',
  about: "memory of each function's worker, idle and after work",
  measure: options =>
    withBenchClouds({ ...options, config: join(projectRoot, 'test/carts-and-products.config.ts') }, async opened => [
      await memoryTable(opened, options),
    ]),
}

async function memoryTable({ clouds, clients }: BenchClouds, options: OpenOptions): Promise<FigureTable> {
  const idle = await readFigures(clouds)
  options.onProgress(`memory: ${writesPerSite} writes at each site`)
  await Promise.all(clients.map((client, index) => writeCarts(client, index * writesPerSite, options.signal)))
  await untilAtRest(clouds, options.signal)
  const after = await readFigures(clouds)
  options.onProgress('memory: collecting garbage')
  const collected = await readFigures(clouds, true)
  const rows = after.flatMap(({ site, figures }, index) => [
    row(site, 'the process', {
      'idle RSS MB': idle[index]?.figures.rssBytes,
      'RSS MB': figures.rssBytes,
    }),
    ...figures.workers.map(({ name, heapTotalBytes }, place) =>
      row(site, name, {
        'idle heap MB': idle[index]?.figures.workers[place]?.heapUsedBytes,
        'live heap MB': collected[index]?.figures.workers[place]?.heapUsedBytes,
        'live buffers MB': collected[index]?.figures.workers[place]?.externalBytes,
        'heap taken MB': heapTotalBytes,
      }),
    ),
  ])
  return {
    title: 'Memory of the workers',
    rows,
    notes: [
      `Idle: right after the start. The others: after ${writesPerSite} carts of 1 KB at each site have arrived everywhere. Live: what is`,
      'left when garbage is collected then. Taken: what V8 had from the machine before that; with much memory about, it collects late.',
      'The process: emulators, triggers and all workers; DynamoDB Local is another.',
    ],
  }
}

const columns = ['idle heap MB', 'live heap MB', 'live buffers MB', 'heap taken MB', 'idle RSS MB', 'RSS MB'] as const

/** Sizes in bytes; what a row has not got stays empty. */
function row(
  site: string,
  worker: string,
  bytes: Partial<Record<(typeof columns)[number], number | undefined>>,
): FigureTable['rows'][number] {
  const figures = columns.map(name => [name, bytes[name] === undefined ? '' : bytes[name] / megabyte])
  return { site, worker, ...Object.fromEntries(figures) }
}

async function writeCarts(client: BenchClouds['clients'][number], from: number, signal: AbortSignal): Promise<void> {
  const { carts } = await openCatalogue()
  for (let number = from; number < from + writesPerSite; number += writesAtATime) {
    signal.throwIfAborted()
    const numbers = Array.from({ length: writesAtATime }, (_, index) => number + index)
    await Promise.all(numbers.map(one => client.put('carts', carts.document(one))))
  }
}
