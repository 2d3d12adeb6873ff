/**
 * Bundles every function of every cloud, each into one file. What runs locally and what deploys is the same file.
 */
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build, version as esbuildVersion, type Plugin } from 'esbuild'
import type { Cloud, SyncPlan } from '../../shared/declare/sync-plan.ts'
import { takeKeptBundles } from './kept-bundles.ts'
import { writeLastPlan } from './last-plan.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Every cloud has all of them. */
export const functionNames = ['capture', 'publish', 'forward', 'ingest', 'prune'] as const
export type FunctionName = (typeof functionNames)[number]

export interface BundleOptions {
  /** Path of the declaration; what it compiles to goes into the bundles. */
  readonly config: string
  /** Bundles go to `<out>/<cloud>/<function>/index.cjs`. */
  readonly out: string
  readonly clouds: readonly Cloud[]
  /** Bundles that were made of the very same files before will do. What deploys is always made anew. */
  readonly mayBeKept?: boolean
}

/**
 * The clients of these packages are left out of the functions that make none: loading them does nothing by itself, which
 * the packages do not say, or say where esbuild does not see it.
 */
const unusedLeftOut: Plugin = {
  name: 'unused clients are left out',
  setup({ onResolve, resolve }) {
    const clients = /^@google-cloud\/(firestore|pubsub)$|^@azure\/(cosmos|storage-queue)$/
    onResolve({ filter: clients }, async ({ path, pluginData, ...options }) => {
      // `resolve` comes by here again.
      if (pluginData === unusedLeftOut) return undefined
      return { ...(await resolve(path, { ...options, pluginData: unusedLeftOut })), sideEffects: false }
    })
  },
}

/** Stands in bundles for the plan, which is put in last: bundles of one set of sources serve every declaration. */
const planPlace = 'the compiled plan'

/**
 * An instance that starts finds the declaration checked and compiled: neither it nor what checks it is in the bundle.
 * `plan`: its text. `config`: the declaration, if it has resolvers of its own.
 */
function compiledPlan(plan: string, config: string | undefined): Plugin {
  // A literal would lose a field named __proto__.
  const compiled = `JSON.parse(${JSON.stringify(plan)})`
  return {
    name: 'compiled plan',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^#plan$/ }, ({ path }) => ({ path, namespace: 'plan', sideEffects: false }))
      onLoad({ filter: /./, namespace: 'plan' }, () => ({
        contents: config ? withItsResolvers(compiled, config) : `export default ${compiled}`,
        resolveDir: projectRoot,
      }))
      if (config) onLoad({ filter: /[\\/]shared[\\/]declare[\\/]index\.ts$/ }, resolversOnly)
    },
  }
}

/** Functions have no text that could be compiled: they come from the declaration itself, of which nothing else is used. */
function withItsResolvers(compiled: string, config: string): string {
  return `
    import resolvers from ${JSON.stringify(config)}
    import { withResolvers } from ${JSON.stringify(join(projectRoot, 'shared/declare/resolver.ts'))}
    export default withResolvers(${compiled}, resolvers)
  `
}

/** What a declaration imports, without the check: it was checked when its plan was compiled. */
function resolversOnly({ path }: { readonly path: string }) {
  const contents = `
    export * from ${JSON.stringify(join(dirname(path), 'merge-descriptor.ts'))}
    export class DeclarationInvalid extends Error {}
    export const defineSync = ({ resolvers }) => resolvers
  `
  return { contents, resolveDir: dirname(path) }
}

/** What each cloud's runtime brings along, and what its libraries need to live in one CommonJS file. */
const perCloud: Readonly<Record<Cloud, BuildOptions>> = {
  // The SDK's CommonJS builds do not shake.
  aws: { mainFields: ['module', 'main'] },
  // A bundled copy of the framework would have a registry of its own.
  gcp: { external: ['@google-cloud/functions-framework'] },
  azure: {
    external: ['@azure/functions-core'],
    define: { 'import.meta.url': '__bundleUrl' },
    banner: { js: "const __bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
}

/** Rejects with `DeclarationInvalid`, too. */
export async function bundleFunctions({ config, out, clouds, mayBeKept = false }: BundleOptions): Promise<void> {
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
  await Promise.all(
    clouds.map(async cloud => {
      const withResolvers = hasResolvers(plan) ? config : undefined
      const make = (to: string) => bundleCloud(cloud, withResolvers, to)
      const folder = join(out, cloud)
      // Checkouts may share a cache.
      const madeOf = JSON.stringify([projectRoot, cloud, withResolvers ?? null, esbuildVersion])
      if (mayBeKept) await takeKeptBundles({ madeOf, out: folder, make })
      else await make(folder)
      await putInPlan(folder, plan)
    }),
  )
  await writeLastPlan(out, plan)
}

function hasResolvers(plan: SyncPlan): boolean {
  return Object.keys(plan.resolvers ?? {}).length > 0
}

async function putInPlan(folder: string, plan: SyncPlan): Promise<void> {
  // JSON has double quotes without end; in single ones they need no backslash.
  const literal = `'${JSON.stringify(plan).replaceAll(/[\\']/g, '\\$&')}'`
  await Promise.all(
    functionNames.map(async name => {
      const file = join(folder, name, 'index.cjs')
      const bundle = await readFile(file, 'utf8')
      const filled = bundle.replace(new RegExp(`(["'\`])${planPlace}\\1`), () => literal)
      if (filled === bundle) throw new Error(`${file} has no place for the plan`)
      await writeFile(file, filled)
    }),
  )
}

/** Change what is bundled, or how, and are not bundled themselves. */
const besideSources = [
  'package.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
  'tools/build/bundle-functions.ts',
]

/** Returns the paths of all files that the bundles were made of. */
async function bundleCloud(cloud: Cloud, config: string | undefined, outdir: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...optionsOf(cloud, planPlace, config),
    entryPoints: Object.fromEntries(
      functionNames.map(name => [`${name}/index`, join(projectRoot, 'functions', cloud, `${name}.ts`)]),
    ),
    absWorkingDir: projectRoot,
    outdir,
    metafile: true,
  })
  // The plan is no file: it is told by itself.
  const sources = Object.keys(metafile.inputs).filter(path => !path.startsWith('plan:'))
  return [...sources, ...besideSources].map(path => join(projectRoot, path)).filter(existsSync)
}

/**
 * How a function of this cloud is bundled, whatever its code is. `config`: the declaration that the plan was compiled from,
 * where resolvers of its own may be.
 */
export function buildOptionsOf(cloud: Cloud, plan: SyncPlan, config?: string): BuildOptions {
  return optionsOf(cloud, JSON.stringify(plan), hasResolvers(plan) ? config : undefined)
}

function optionsOf(cloud: Cloud, plan: string, config: string | undefined): BuildOptions {
  return {
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    plugins: [compiledPlan(plan, config), unusedLeftOut],
    legalComments: 'none',
    logLevel: 'warning',
    ...perCloud[cloud],
  }
}
