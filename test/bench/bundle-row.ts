/**
 * What does a function weigh beside the bare SDK that it needs: bytes of its bundle, and the time that an instance takes
 * to load it? Each load is a process of its own, ours and bare in turn, so that what else the machine does meets both.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import plan from '#plan'
import { bundleFunctions, functionNames, projectRoot } from '../../tools/build/bundle-functions.ts'
import { buildBareBundle } from './bare-bundle.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { median } from './measure-flows.ts'
import type { OpenOptions } from './open-options.ts'

const clouds = ['aws', 'gcp', 'azure'] as const
const loadsOfEach = 15
const loader = fileURLToPath(new URL('./load-bundle.cjs', import.meta.url))
const run = promisify(execFile)

/** In ms, of the bundle alone: starting Node is in neither. */
const load = z.object({ wallMs: z.number(), cpuMs: z.number() })
type Load = z.output<typeof load>

export const bundleRow: BenchRow = {
  name: 'bundles',
  about: 'size and load time of each function bundle beside the bare SDK that it needs',
  async measure(options) {
    const folder = await mkdtemp(join(tmpdir(), 'tributary-bundles-'))
    try {
      return [await measureBundles(folder, options)]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function measureBundles(folder: string, { onProgress, signal }: OpenOptions): Promise<FigureTable> {
  onProgress('bundles: building')
  const ours = join(folder, 'ours')
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: ours, clouds })
  const rows: FigureTable['rows'][number][] = []
  for (const cloud of clouds) {
    for (const name of functionNames) {
      signal.throwIfAborted()
      onProgress(`bundles: ${cloud} ${name}`)
      const bundle = join(ours, cloud, name, 'index.cjs')
      const bare = join(folder, 'bare', cloud, name, 'index.cjs')
      await buildBareBundle({ cloud, name, plan, outfile: bare })
      const [bytes, bareBytes] = [(await stat(bundle)).size, (await stat(bare)).size]
      const [loads, bareLoads] = await loadInTurn(bundle, bare, siteOn(cloud), signal)
      rows.push({
        function: `${cloud} ${name}`,
        KB: Math.round(bytes / 1000),
        'bare KB': Math.round(bareBytes / 1000),
        'size ratio': bytes / bareBytes,
        ...figuresOf(loads, bareLoads, 'cpuMs', 'CPU ms'),
        ...figuresOf(loads, bareLoads, 'wallMs', 'wall ms'),
      })
    }
  }
  return {
    title: 'Function bundles beside the bare SDK',
    rows,
    notes: [
      `Bare: a bundle by the same options that holds the classes of the SDK that the function uses, and the cloud's framework.`,
      `Load: require() in a process of its own, Node's own start not counted; median of ${loadsOfEach}, ours and bare in turn.`,
      'CPU: user and system time of all of the process; the better figure on a busy machine. Goal: a ratio of at most 1.15.',
    ],
  }
}

function figuresOf(ours: readonly Load[], bare: readonly Load[], figure: keyof Load, name: string) {
  const [of, ofBare] = [ours, bare].map(loads => median(loads.map(one => one[figure])))
  const [ms, bareMs] = [of ?? Number.NaN, ofBare ?? Number.NaN]
  return { [name]: ms, [`bare ${name}`]: bareMs, [`${name.split(' ')[0]} ratio`]: ms / bareMs }
}

async function loadInTurn(
  ours: string,
  bare: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<readonly [readonly Load[], readonly Load[]]> {
  const loads: [Load[], Load[]] = [[], []]
  // The first of each is not counted: it reads the file from the disk.
  for (let round = 0; round <= loadsOfEach; round++) {
    for (const [index, path] of [ours, bare].entries()) {
      const { stdout } = await run(process.execPath, [loader, path], { env: { ...environment }, signal })
      if (round > 0) loads[index]?.push(load.parse(JSON.parse(stdout)))
    }
  }
  return loads
}

/** What a function is told before it is loaded. What a bundle leaves outside is found among the project's packages. */
function siteOn(cloud: string): Readonly<Record<string, string>> {
  const site = plan.sites.find(candidate => candidate.cloud === cloud)?.id ?? ''
  const peer = plan.sites.find(candidate => candidate.cloud !== cloud)?.id ?? ''
  return { TRIBUTARY_SITE: site, TRIBUTARY_PEER: peer, NODE_PATH: join(projectRoot, 'node_modules') }
}
