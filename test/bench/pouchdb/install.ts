/** The mesh is installed when it is first needed, from its own lock file, so that the project itself stays light. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const folder = import.meta.dirname

// In memory nothing native is needed.
const npmArguments = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund']

export async function installPouchDB(onProgress: (text: string) => void, signal: AbortSignal): Promise<void> {
  // npm writes this file last: an installation that was interrupted is done again.
  if (existsSync(join(folder, 'node_modules', '.package-lock.json'))) return
  onProgress('installing the PouchDB mesh (once)')
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
