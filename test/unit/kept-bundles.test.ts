/** Bundles that are taken again must be of the sources as they are now, whatever else happens at the same time. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'

/** Ms. A source that is as young as its bundle could have changed while that was made. */
const old = 150

let folder: string
let source: string
let made: number
let takeKeptBundles: typeof import('../../tools/build/kept-bundles.ts')['takeKeptBundles']

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-kept-'))
  vi.stubEnv('TRIBUTARY_CACHE', join(folder, 'cache'))
  // Another test of this process may have loaded it for the project's own cache.
  vi.resetModules()
  ;({ takeKeptBundles } = await import('../../tools/build/kept-bundles.ts'))
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  await rm(join(folder, 'cache'), { recursive: true, force: true })
  source = join(folder, 'source.ts')
  await writeFile(source, 'first')
  await sleep(old)
  made = 0
})

let outs = 0

/** What the bundle says that is taken for `madeOf`; `during`: what happens while it is made. */
async function taken(madeOf: string, during?: () => Promise<void>): Promise<string> {
  const out = join(folder, `out-${outs++}`)
  await takeKeptBundles({
    madeOf,
    out,
    async make(to) {
      made += 1
      const text = await readFile(source, 'utf8')
      await during?.()
      await mkdir(to, { recursive: true })
      await writeFile(join(to, 'index.cjs'), `${madeOf} of ${text}`)
      return [source]
    },
  })
  return readFile(join(out, 'index.cjs'), 'utf8')
}

it('are made once for the same sources', async () => {
  expect([await taken('plan'), await taken('plan'), made]).toEqual(['plan of first', 'plan of first', 1])
})

it('are made anew when a source has changed, or what they are made of beside it', async () => {
  await taken('plan')
  await writeFile(source, 'other')
  await sleep(old)
  expect([await taken('plan'), await taken('plan'), made]).toEqual(['plan of other', 'plan of other', 2])
  expect([await taken('another plan'), made]).toEqual(['another plan of other', 3])
})

it('are not kept when a source changed while they were made', async () => {
  await taken('plan', () => writeFile(source, 'other'))
  expect([await taken('plan'), made]).toEqual(['plan of other', 2])
})

it('are whole for all who make them at the same time', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => taken('plan')))
  expect(new Set(all)).toEqual(new Set(['plan of first']))
  expect(await taken('plan')).toBe('plan of first')
})

it('do not grow without end', async () => {
  for (let plan = 0; plan < 12; plan++) await taken(`plan ${plan}`)
  expect(made).toBe(12)
  await taken('plan 11')
  expect(made).toBe(12)
  await taken('plan 0')
  expect(made).toBe(13)
})

it('are made all the same where nothing can be kept', async () => {
  await writeFile(join(folder, 'cache'), 'a file where the folder should be')
  expect([await taken('plan'), await taken('plan'), made]).toEqual(['plan of first', 'plan of first', 2])
})
