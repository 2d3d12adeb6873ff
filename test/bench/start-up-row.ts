/**
 * How long until the local clouds are up, and until a function that was not running has answered its first event? The
 * bundles are those that deploy; a worker thread here takes the place of an instance there.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { defaultEvent } from '../../tools/cli/commands/invoke.ts'
import { fillEvent } from '../../tools/cli/fill-event.ts'
import type { RunningClouds } from '../../tools/cli/running-clouds.ts'
import { withBenchClouds } from './bench-clouds.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { median } from './measure-flows.ts'
import type { OpenOptions } from './open-options.ts'
import { readFigures } from './site-figures.ts'

const coldStarts = 5
const invocation = z.object({ tookMs: z.number() })

export const startUpRow: BenchRow = {
  name: 'start-up',
  about: 'time until each site is up, and of the first event of each function',
  measure: options => {
    const startedMs = performance.now()
    return withBenchClouds(
      { ...options, config: join(projectRoot, 'test/carts-and-products.config.ts') },
      async ({ clouds }) => [
        await siteTable(clouds, performance.now() - startedMs),
        await functionTable(clouds, options),
      ],
    )
  },
}

async function siteTable(clouds: RunningClouds, upMs: number): Promise<FigureTable> {
  const rows = (await readFigures(clouds)).flatMap(({ site, figures: { readyMs, workers } }) => [
    { site, worker: 'whole site', 'ready ms': readyMs, 'CPU ms': '' },
    ...workers.map(({ name, loadMs, cpuMs }) => ({ site, worker: name, 'ready ms': loadMs, 'CPU ms': cpuMs })),
  ])
  return {
    title: 'Start of the local clouds',
    rows: [{ site: 'all', worker: 'local up', 'ready ms': upMs, 'CPU ms': '' }, ...rows],
    notes: [
      'All sites, and within a site all workers, start at the same time and share the processors. `local up` bundles first.',
      'ready: from the start of the process (site) or thread (worker) until it could take events. CPU: of the thread until just after.',
    ],
  }
}

async function functionTable(clouds: RunningClouds, { onProgress, signal }: OpenOptions): Promise<FigureTable> {
  const rows: FigureTable['rows'][number][] = []
  for (const { site, figures } of await readFigures(clouds)) {
    for (const name of figures.functions) {
      onProgress(`start-up: first events of ${site} ${name}`)
      const text = await readFile(join(projectRoot, defaultEvent(clouds, site, name)), 'utf8')
      const invoke = async () => {
        signal.throwIfAborted()
        const event = await fillEvent(text, clouds, site)
        return invocation.parse(await clouds.ask(site, { ask: 'invoke', function: name, event })).tookMs
      }
      const times: { readonly coldMs: number; readonly nextMs: number }[] = []
      for (let start = 0; start < coldStarts; start++) {
        await clouds.ask(site, { ask: 'kill', function: name })
        times.push({ coldMs: await invoke(), nextMs: await invoke() })
      }
      rows.push({
        site,
        function: name,
        'first event ms': median(times.map(({ coldMs }) => coldMs)),
        'second event ms': median(times.map(({ nextMs }) => nextMs)),
      })
    }
  }
  return {
    title: 'First event of a function that was not running',
    rows,
    notes: [
      `Median of ${coldStarts}, one function at a time, each killed before: thread, bundle, clients and the recorded event of events/.`,
      'The second event finds the clients connected, its code mostly not yet compiled.',
    ],
  }
}
