/** Peers of the benchmark are packages of their own, installed when first needed: the project itself stays light. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenOptions } from './open-options.ts'

/** Nothing native of any of them is needed. */
const npmArguments = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']

/** From the lock file in `folder`. Rejects with what npm said. */
export async function installPackage(what: string, folder: string, { onProgress, signal }: OpenOptions): Promise<void> {
  // npm writes this file last: an installation that was interrupted is done again.
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return
  onProgress(`installing ${what} (once)`)
  const npm = spawn('npm', npmArguments, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  })
  let said = ''
  npm.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  const [code] = await once(npm, 'close')
  if (code !== 0) throw new Error(`'npm ci' in ${folder} ended with code ${code}:\n${said}`)
}
