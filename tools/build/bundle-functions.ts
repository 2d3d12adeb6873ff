/**
 * Bundles every function of every cloud, each into one file. What runs locally and what deploys is the same file.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import type { Cloud } from '../../shared/declare/sync-plan.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))

/** Every cloud has all of them. */
export const functionNames = ['capture', 'publish', 'forward', 'ingest', 'prune'] as const
export type FunctionName = (typeof functionNames)[number]

export interface BundleOptions {
  /** The declaration that is compiled into the bundles. */
  readonly config: string
  /** Bundles go to `<out>/<cloud>/<function>/index.cjs`. */
  readonly out: string
  readonly clouds: readonly Cloud[]
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

export async function bundleFunctions({ config, out, clouds }: BundleOptions): Promise<void> {
  await Promise.all(
    clouds.map(cloud =>
      build({
        entryPoints: Object.fromEntries(
          functionNames.map(name => [`${name}/index`, join(projectRoot, 'functions', cloud, `${name}.ts`)]),
        ),
        outdir: join(out, cloud),
        outExtension: { '.js': '.cjs' },
        bundle: true,
        minify: true,
        keepNames: true,
        platform: 'node',
        target: 'node24',
        format: 'cjs',
        alias: { '#plan': config },
        legalComments: 'none',
        logLevel: 'warning',
        ...perCloud[cloud],
      }),
    ),
  )
}
