/** Bundles for the tests of Google Cloud functions: made as the deployed ones are, in a temp folder. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

export interface BundleFolder {
  /** Bundles the TypeScript source, whose relative imports start at the project's root; returns the bundle's path. */
  bundle(source: string, format?: 'cjs' | 'esm'): Promise<string>
  remove(): Promise<void>
}

export async function createBundleFolder(): Promise<BundleFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'gcp-functions-'))
  let count = 0
  return {
    async bundle(source, format = 'cjs') {
      count += 1
      const outfile = join(folder, `${count}.${format === 'cjs' ? 'cjs' : 'mjs'}`)
      await build({
        stdin: { contents: source, resolveDir: PROJECT, loader: 'ts' },
        bundle: true,
        platform: 'node',
        format,
        external: ['@google-cloud/functions-framework'],
        outfile,
        logLevel: 'silent',
      })
      return outfile
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
