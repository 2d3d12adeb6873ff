/**
 * Bundles every function of every cloud, each into one file. What runs locally and what deploys is the same file.
 */
import { existsSync } from 'node:fs'
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

/** An instance that starts finds the declaration checked and compiled: neither it nor what checks it is in the bundle. */
function compiledPlan(plan: SyncPlan, config: string | undefined): Plugin {
  // A literal would lose a field named __proto__.
  const compiled = `JSON.parse(${JSON.stringify(JSON.stringify(plan))})`
  const hasResolvers = config !== undefined && Object.keys(plan.resolvers ?? {}).length > 0
  return {
    name: 'compiled plan',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^#plan$/ }, ({ path }) => ({ path, namespace: 'plan', sideEffects: false }))
      onLoad({ filter: /./, namespace: 'plan' }, () => ({
        contents: hasResolvers ? withItsResolvers(compiled, config) : `export default ${compiled}`,
        resolveDir: projectRoot,
      }))
      if (hasResolvers) onLoad({ filter: /[\\/]shared[\\/]declare[\\/]index\.ts$/ }, resolversOnly)
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
      const make = (folder: string) => bundleCloud(cloud, plan, config, folder)
      const madeOf = JSON.stringify([cloud, plan, config, esbuildVersion])
      if (mayBeKept) await takeKeptBundles({ madeOf, out: join(out, cloud), make })
      else await make(join(out, cloud))
    }),
  )
  await writeLastPlan(out, plan)
}

/** Change what is bundled, or how, and are not bundled themselves. */
const besideSources = [
  'package.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
  'tools/build/bundle-functions.ts',
]

/** Returns the paths of all files that the bundles were made of. */
async function bundleCloud(cloud: Cloud, plan: SyncPlan, config: string, outdir: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...buildOptionsOf(cloud, plan, config),
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
