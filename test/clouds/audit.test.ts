/** What is kept of conflicts on the three clouds, and what people make of it: audit, review queue, replay, quarantine. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import { startTestClouds, type TestClouds } from './running-clouds.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const conflicts = long ? 10_000 : 500
const withinMs = long ? 3_600_000 : 240_000

let running: TestClouds
beforeAll(async () => {
  running = await startTestClouds({}, join(projectRoot, 'test/clouds/audit.config.ts'))
})
afterAll(() => running?.stop())

async function tributary(...parameters: readonly string[]) {
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: running.folder } }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...parameters], options)
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

async function asJson(...parameters: readonly string[]) {
  const { code, out, err } = await tributary(...parameters, '--json')
  expect(err).toBe('')
  expect(code).toBe(0)
  return JSON.parse(out)
}

async function eventually<Result>(look: () => Promise<Result>, forMs = 30_000, everyMs = 300): Promise<Result> {
  for (const deadline = Date.now() + forMs; ; await sleep(everyMs)) {
    try {
      return await look()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const sites: readonly string[] = [aws, gcp, azure]
const clientAt = (site: string): ApplicationClient => {
  const client = running.clients.find(each => each.site === site)
  if (!client) throw new Error(`no client at ${site}`)
  return client
}

/** So many at a time at each site: as fast as a store takes them on a laptop. */
const atATime = 10

/** Each page at two sites, which take turns: there each hears of the other, and the third of both. */
async function writeAtTwo(pages: readonly string[]): Promise<void> {
  await Promise.all(
    running.clients.map(async (client, place) => {
      const mine = pages.filter((_, index) => index % sites.length !== place)
      for (let start = 0; start < mine.length; start += atATime) {
        const row = mine.slice(start, start + atATime)
        await Promise.all(row.map(page => client.put('pages', { page_id: page, title: `${page} of ${client.site}` })))
      }
    }),
  )
}

test(
  `of ${conflicts} conflicts each site tells once, and what is written meanwhile travels`,
  async () => {
    const keys = Array.from({ length: conflicts }, (_, number) => `page-${number}`)
    await running.apart(() => writeAtTwo(keys))
    // The sites are joined, and have all of that to settle. Others go on writing.
    const probing = (async () => {
      const tookMs: number[] = []
      for (let number = 0; number < 10; number++) {
        const startMs = Date.now()
        const probe = { page_id: `probe-${number}`, title: 'meanwhile' }
        await clientAt(sites[number % 3] ?? aws).put('pages', probe)
        await running.everywhere('pages', [probe.page_id], probe, withinMs)
        tookMs.push(Date.now() - startMs)
      }
      return tookMs
    })()

    const expected = conflicts * sites.length
    const entries = await eventually(
      async () => {
        const found = await readResolutions(running.clouds, { type: 'pages' })
        expect(found.length).toBeGreaterThanOrEqual(expected)
        return found
        // Looking takes time from those who are looked at.
      },
      withinMs,
      conflicts * 10,
    )
    const tookMs = await probing
    console.info(
      `probes arrived everywhere within ${Math.max(...tookMs)} ms, while ${conflicts} conflicts were settled`,
    )
    await running.atRest()
    // A second look: nothing is told twice later on.
    expect(await readResolutions(running.clouds, { type: 'pages' })).toHaveLength(entries.length)

    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
    const told = Map.groupBy(entries, ({ site, key, origin }) => `${site} ${key} ${origin}`)
    expect(told.size).toBe(expected)
    const twice = [...told].filter(([, row]) => row.length > 1).map(([name]) => name)
    expect(twice).toEqual([])
    for (const { site, key, origin, arbitrations } of entries.slice(0, 100)) {
      expect(site).not.toBe(origin)
      const values = arbitrations.flatMap(({ kept, lost = [] }) => [kept, ...lost].map(version => version?.value))
      expect(values).toContainEqual({ title: `${key} of ${origin}` })
    }
  },
  withinMs + 120_000,
)

describe('the audit, asked', () => {
  test('by type, site, region, record, rule and time: only that, from the stores', async () => {
    const all: readonly Resolution[] = await asJson('audit', '--type', 'pages', '--key', 'page-7')
    expect(all.map(({ site }) => site).sort()).toEqual(sites.toSorted())
    const times = all.map(({ atMs }) => atMs)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const atGcp: readonly Resolution[] = await asJson(
      'audit',
      '--key',
      'page-7',
      '--region',
      'us-central1',
      '--order',
      'oldest',
    )
    expect(atGcp.map(({ site }) => site)).toEqual([gcp])
    const page = await tributary('audit', '--type', 'pages', '--site', azure, '--limit', '5')
    expect(page.out.trim().split('\n')).toHaveLength(2 + 5)
    expect(page.err).toMatch(/there is more: --limit 50, or --until 20/)
    expect(await asJson('audit', '--rule', 'stale-write-back')).toEqual([])
    expect(await asJson('audit', '--since', '2030-01-01')).toEqual([])
    const few = await tributary('audit', '--rule', 'latest-write-wins', '--since', '1h', '--limit', '3', '--json')
    expect(JSON.parse(few.out)).toHaveLength(3)
  })

  test.each([
    [['audit', '--region', 'mars'], /no site in region 'mars'; the plan has us-east-1 \(aws-us-east-1\)/],
    [['audit', '--type', 'nothing'], /no data type 'nothing'; the plan has products, pages/],
    [['audit', '--since', 'yesterday'], /how long ago, such as 2h/],
    [['conflicts', 'show', 'nobody', '--type', 'products'], /nothing of products\/nobody waits for a review/],
    [['conflicts', 'resolve', 'nobody', '--type', 'products'], /--take SITE, --value FILE, or --dismiss/],
    [['replay', '--policy', 'nowhere.config.ts'], /--policy nowhere.config.ts:/],
  ])('%j says what is wrong and what to do', async (parameters, message) => {
    const { code, err } = await tributary(...parameters)
    expect(code).toBe(1)
    expect(err).toMatch(message)
  })
})

describe('the review queue', () => {
  const product = (key: string, site: string) => ({
    product_id: key,
    price: sites.indexOf(site),
    title: site,
  })
  const others = (site: string) => sites.filter(each => each !== site)
  const openKeys = async () => (await asJson('conflicts', 'list')).map(({ key }: { key: string[] }) => key.join())

  beforeAll(async () => {
    await running.apart(async () => {
      for (const key of ['teapot', 'mug', 'bowl']) {
        for (const site of sites) {
          await clientAt(site).put('products', product(key, site))
          await sleep(20)
        }
      }
    })
    await eventually(async () => expect((await openKeys()).sort()).toEqual(['bowl', 'mug', 'teapot']))
    await running.atRest()
  })

  test('shows each conflict once, with every version, whoever tells of it; of other types none', async () => {
    const shown = await eventually(async () => {
      const found = await asJson('conflicts', 'show', 'teapot', '--type', 'products')
      expect(new Set(found.entries.map(({ site }: { site: string }) => site)).size).toBe(3)
      return found
    })
    expect(shown.cells).toHaveLength(1)
    const versions: readonly { site: string; value: object }[] = shown.cells[0].versions
    expect(versions.toSorted((a, b) => sites.indexOf(a.site) - sites.indexOf(b.site))).toMatchObject(
      sites.map((site, price) => ({ site, value: { price, title: site } })),
    )
    expect(shown.isSettled).toBe(false)
    const text = await tributary('conflicts', 'show', 'teapot', '--type', 'products')
    expect(text.out).toContain('it stands: nothing was written since')
  })

  test('what is taken reaches all sites as a write, and the review is in the audit', async () => {
    const stands = await clientAt(aws).read('products', ['teapot'])
    const [loser = aws] = others(String(stands?.title))
    const review = await asJson('conflicts', 'resolve', 'teapot', '--type', 'products', '--take', loser, '--by', 'ines')
    expect(review).toMatchObject({ kind: 'review', by: 'ines', outcome: 'written', chosen: { title: loser } })
    await running.everywhere('products', ['teapot'], product('teapot', loser))
    expect((await openKeys()).sort()).toEqual(['bowl', 'mug'])
    const reviews = await asJson('audit', '--key', 'teapot', '--rule', 'review')
    expect(reviews.length).toBe(3)
    expect(reviews.flatMap(({ entries }: { entries: string[] }) => entries).sort()).toEqual(review.entries.toSorted())
  })

  test('a conflict that a later write has settled is there until somebody has looked; --dismiss writes nothing', async () => {
    const settled = { product_id: 'mug', price: 7, title: 'settled' }
    await clientAt(gcp).put('products', settled)
    await running.everywhere('products', ['mug'], settled)
    expect((await asJson('conflicts', 'show', 'mug', '--type', 'products')).isSettled).toBe(true)
    expect(await asJson('conflicts', 'resolve', 'mug', '--type', 'products', '--dismiss')).toMatchObject({
      outcome: 'dismissed',
    })
    expect(await openKeys()).toEqual(['bowl'])
    await running.everywhere('products', ['mug'], settled)
  })

  test('a document of a file is written; one that is none, or a site without a version, is refused with what to do', async () => {
    const file = join(running.folder, 'bowl.json')
    await writeFile(file, '[1]')
    const bad = await tributary('conflicts', 'resolve', 'bowl', '--type', 'products', '--value', file)
    expect(bad).toMatchObject({ code: 1, err: expect.stringContaining('a document is an object of fields') })
    await writeFile(file, JSON.stringify({ product_id: 'bowl', price: 3.5, title: 'chosen', tags: ['a'] }))
    const { out } = await tributary(
      'conflicts',
      'resolve',
      'bowl',
      '--type',
      'products',
      '--value',
      file,
      '--at',
      azure,
    )
    expect(out).toMatch(/reviewed; written at azure-eastus/)
    await running.everywhere('products', ['bowl'], { product_id: 'bowl', price: 3.5, title: 'chosen', tags: ['a'] })
    expect((await tributary('conflicts', 'list')).out).toBe('nothing to review\n')
  })

  test('replay says what another declaration would have made of it', async () => {
    const policy = 'test/clouds/other-policy.config.ts'
    const replayed: readonly { result: string; was: { price: number }; outcome?: { price: number } }[] = await asJson(
      ...['replay', '--policy', policy, '--type', 'products'],
    )
    expect(replayed.length).toBeGreaterThanOrEqual(3 * 6)
    // Every version is known, so everything can be told: the highest price of those that met.
    expect(replayed.filter(({ result }) => result === 'cannot tell')).toEqual([])
    for (const { result, was, outcome } of replayed) {
      if (result === 'changed') expect(outcome?.price).toBeGreaterThan(was.price)
    }
    const table = await tributary('replay', '--policy', policy)
    expect(table.code).toBe(0)
    expect(table.out).toMatch(/type +rule +resolutions +same +changed +cannot tell/)
    expect(table.out).toMatch(/products +latest-write-wins/)
  })
})

describe.each(long ? sites : [azure])('a clock that is wrong, at %s', site => {
  const page = (name: string) => ({ page_id: `${name}-${site}`, title: name })
  const others = sites.filter(other => other !== site)

  test('11 s ahead: what it writes waits in quarantine, visibly, and travels when the clock is right', async () => {
    await tributary('local', 'clock', site, '+11s')
    const written = page('early')
    await clientAt(site).put('pages', written)
    const routes = await eventually(async () => {
      const status = await readStatus(running.clouds)
      const kept = status.routes.filter(route => route.site === site && route.type === 'pages')
      expect(kept.map(({ quarantined }) => quarantined)).toEqual([1, 1])
      expect(status.clocks[site]).toBeGreaterThan(10_000)
      return kept
    })
    expect(routes.map(({ backlog }) => backlog)).toEqual([1, 1])
    expect((await tributary('status')).out).toMatch(
      new RegExp(`warning: the clock of ${site} is 11.* s ahead .*; its changes wait in quarantine`),
    )
    const [conflict] = await asJson('conflicts', 'list', '--type', 'pages')
    expect(conflict).toMatchObject({ key: [written.page_id], quarantined: [{ origin: site }, { origin: site }] })
    // Longer than its stamp is ahead by more than 10 s: it is the clock itself that has to be right.
    await sleep(3000)
    for (const other of others) expect(await clientAt(other).read('pages', [written.page_id])).toBeUndefined()

    await tributary('local', 'clock', site, 'right')
    await running.everywhere('pages', [written.page_id], written)
    expect(await asJson('conflicts', 'list', '--type', 'pages')).toEqual([])
    await running.atRest()
    const { deadLetters } = await readStatus(running.clouds)
    expect(Object.values(deadLetters)).toEqual([0, 0, 0])
  }, 90_000)

  test('600 ms ahead: its changes travel, and that is warned of', async () => {
    await tributary('local', 'clock', site, '600ms')
    const written = page('a-little-early')
    await clientAt(site).put('pages', written)
    await running.everywhere('pages', [written.page_id], written)
    await eventually(async () => {
      const status = await tributary('status')
      expect(status.out).toMatch(new RegExp(`warning: the clock of ${site} is .* ahead`))
      expect(status.out).not.toMatch(/quarantine until/)
    })
    let number = 0
    await eventually(async () => {
      // What takes long to arrive is not ahead any more: a machine that is busy gets several chances.
      await clientAt(site).put('pages', { ...written, title: `${++number}` })
      await sleep(1000)
      for (const other of others) {
        const log = await readFile(join(running.folder, `${other}.log`), 'utf8')
        const warned = log
          .split('\n')
          .filter(line => line.includes('"level":"warn"') && line.includes(`"peer":"${site}"`))
        expect(warned.some(line => line.includes('"batch":"received"') && line.includes('"applied":1'))).toBe(true)
      }
    })
    await tributary('local', 'clock', site, 'right')
    await running.atRest()
  }, 60_000)
})
