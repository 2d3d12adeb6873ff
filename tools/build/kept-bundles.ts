/**
 * Bundles made before of the very same sources. Bundling is a third of what the local clouds take to come up, and between
 * two starts a developer seldom changes more than the declaration, which is put in last.
 */
import { createHash, randomUUID } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../cache-folder.ts'

const bundlesKept = join(cacheFolder, 'bundles')

/** Of 2 to 25 MB: one for each cloud, and more for declarations with resolvers and for other checkouts. */
const keptMax = 9

/** How much a file system's time of a change may be behind the clock: kernels take the time of their last tick. */
const fileClockLagMs = 100

/** Size in bytes and time of the last change in ms, by the file's path. */
type Inputs = Readonly<Record<string, readonly [size: number, changedMs: number]>>

export interface KeptBundles {
  /** Everything that decides about the bundles and stands in no file. */
  readonly madeOf: string
  readonly out: string
  /** Bundles into `out`; returns the paths of all files that were read for it. */
  make(out: string): Promise<readonly string[]>
}

/** Copies into `out` what was made of the same before, or makes it there. */
export async function takeKeptBundles({ madeOf, out, make }: KeptBundles): Promise<void> {
  const kept = join(bundlesKept, createHash('sha256').update(madeOf).digest('hex').slice(0, 32))
  if (await isCopied(kept, out)) return
  const startMs = Date.now()
  const inputs = await inputsOf(await make(out))
  // What was changed meanwhile may be in the bundles as it was before.
  const isOld = ([, changedMs]: Inputs[string]) => changedMs < startMs - fileClockLagMs
  if (Object.values(inputs).every(isOld)) await keep(kept, out, inputs)
}

async function isCopied(kept: string, out: string): Promise<boolean> {
  try {
    // Written by us, below.
    const inputs = JSON.parse(await readFile(join(kept, 'inputs.json'), 'utf8')) as Inputs
    const now = await inputsOf(Object.keys(inputs))
    const isSame = Object.entries(inputs).every(([path, [size, changedMs]]) => {
      const found = now[path]
      return found !== undefined && found[0] === size && found[1] === changedMs
    })
    if (!isSame) return false
    await cp(join(kept, 'functions'), out, { recursive: true })
    const usedAt = new Date()
    await utimes(kept, usedAt, usedAt)
    return true
  } catch (error) {
    // Nothing was kept, a source is gone, another process has just put newer ones in its place, or nothing can be read.
    if (isSystemError(error)) return false
    throw error
  }
}

async function inputsOf(paths: readonly string[]): Promise<Inputs> {
  const rows = paths.map(async path => {
    const { size, mtimeMs } = await stat(path)
    return [path, [size, mtimeMs]] as const
  })
  return Object.fromEntries(await Promise.all(rows))
}

/**
 * Appears in one rename. Who comes second to the same place leaves it to the first, and what cannot be kept, on a full
 * disk or in a folder that is not ours to write, is made again next time: the bundles are there already.
 */
async function keep(kept: string, made: string, inputs: Inputs): Promise<void> {
  const work = join(bundlesKept, `.${randomUUID()}`)
  try {
    await mkdir(work, { recursive: true })
    await cp(made, join(work, 'functions'), { recursive: true })
    await writeFile(join(work, 'inputs.json'), JSON.stringify(inputs))
    await rm(kept, { recursive: true, force: true })
    await rename(work, kept)
    await forgetOld()
  } catch (error) {
    if (!isSystemError(error)) throw error
  } finally {
    await rm(work, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Of the file system, not of our code. */
function isSystemError(error: unknown): boolean {
  return Object(error).syscall !== undefined
}

async function forgetOld(): Promise<void> {
  const names = (await readdir(bundlesKept)).filter(name => !name.startsWith('.'))
  const entries = await Promise.all(
    names.map(async name => ({ name, usedMs: (await stat(join(bundlesKept, name))).mtimeMs })),
  )
  const old = entries.toSorted((a, b) => b.usedMs - a.usedMs).slice(keptMax)
  await Promise.all(old.map(({ name }) => rm(join(bundlesKept, name), { recursive: true, force: true })))
}
