/** Builds the simulator with a planted bug and counts the seeds until it is found. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, type Plugin } from 'esbuild'
import { cacheFolder } from '../../tools/cache-folder.ts'
import type { PlantedBug } from './planted-bugs.ts'
import type { Run } from './run-records.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Hunt {
  /** How many seeds it took; undefined: not found. */
  readonly seeds: number | undefined
  readonly violation: string | undefined
}

export interface HuntOptions {
  readonly seedsMax: number
  /** Begin with the seed that is known to show it. */
  readonly knownFirst?: boolean
}

export async function hunt(bug: PlantedBug, { seedsMax, knownFirst = false }: HuntOptions): Promise<Hunt> {
  // In the project, so that packages are found: the simulator has loaded them already, a bundle would have them anew.
  await mkdir(cacheFolder, { recursive: true })
  const folder = await mkdtemp(join(cacheFolder, 'hunt-'))
  try {
    const outfile = join(folder, 'simulate.mjs')
    await build({
      entryPoints: [join(root, 'test/simulation', bug.simulation ?? 'simulate.ts')],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      outfile,
      logLevel: 'silent',
      plugins: [planting(bug)],
    })
    const planted: { simulate(seed: number): Promise<Pick<Run, 'violations'>> } = await import(
      pathToFileURL(outfile).href
    )
    const known = knownFirst && bug.shownBy !== undefined ? [bug.shownBy] : []
    for (const seed of [...known, ...Array.from({ length: seedsMax }, (_, index) => index + 1)]) {
      const { violations } = await planted.simulate(seed)
      if (violations.length > 0) return { seeds: seed, violation: violations[0] }
    }
    return { seeds: undefined, violation: undefined }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of the short run: each bug takes a bundle of its own, a second or more, and the long run hunts all of them. */
export function someOf(bugs: readonly PlantedBug[]): readonly PlantedBug[] {
  return process.env.TRIBUTARY_LONG === '1' ? bugs : bugs.slice(0, 3)
}

/** What of a bug does not fit the code any more. Empty: all of it does. */
export async function outOfDate({ rule, edits }: PlantedBug): Promise<readonly string[]> {
  const found = await Promise.all(
    edits.map(
      async ({ file, find }) => [file, (await readFile(join(root, file), 'utf8')).split(find).length - 1] as const,
    ),
  )
  return found.filter(([, places]) => places !== 1).map(([file, places]) => `${rule}: ${places} places in ${file}`)
}

/** Events without what their writes left, as a stream without new images hands them over. */
const tellingNothing = {
  file: 'test/simulation/site.ts',
  find: 'left: () => [left] })',
  replace: 'left: () => [left].slice(1) })',
}

/** Replaces the text in the file while it is read. A text that is not there once means that the bug is out of date. */
function planting(bug: PlantedBug): Plugin {
  const { rule } = bug
  const edits = bug.untold ? [...bug.edits, tellingNothing] : bug.edits
  return {
    name: 'planted-bug',
    setup({ onLoad }) {
      const files = edits.map(({ file }) => RegExp.escape(`/${file}`))
      onLoad({ filter: new RegExp(`(${files.join('|')})$`) }, async ({ path }) => {
        const file = relative(root, path)
        let contents = await readFile(path, 'utf8')
        for (const { find, replace } of edits.filter(edit => edit.file === file)) {
          const places = contents.split(find).length - 1
          if (places !== 1) throw new Error(`${rule}: '${find}' stands ${places} times in ${file}`)
          contents = contents.replace(find, () => replace)
        }
        return { contents, loader: 'ts' }
      })
    },
  }
}
