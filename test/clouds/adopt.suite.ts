/**
 * 10,000 documents that were there before, at two sites and at three (150 at three in `npm test`), most of them the same
 * at every site, some different, some missing, are adopted while official clients go on writing all of them and the
 * command is killed twice on the way and then stopped with Ctrl-C: nothing missed, nothing doubled, counters not tripled.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { type DocumentReader, openReader } from './all-documents.ts'
import type { TestClouds } from './running-clouds.ts'
import { tableClouds } from './shared-clouds.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const count = long ? 10_000 : 150
const withinMs = long ? 900_000 : 240_000
const program = join(projectRoot, 'tools/cli/tributary.ts')
const settleS = '3'
/** Between two writes of one application. DynamoDB Local takes 10 ms for a request once its streams hold 30,000 records. */
const writeEveryMs = long ? 500 : 250

let running: TestClouds
let readers: readonly DocumentReader[]
let files: string

beforeAll(async () => {
  running = await tableClouds()
  const endpoints = await readEndpoints(join(running.folder, 'endpoints.json'))
  readers = Object.entries(endpoints).map(([site, at]) => openReader(site, at))
  files = await mkdtemp(join(tmpdir(), 'tributary-adopt-'))
}, 120_000)

afterAll(async () => {
  await Promise.all((readers ?? []).map(reader => reader.close()))
  if (files) await rm(files, { recursive: true, force: true })
})

/** How the documents were before: every twentieth is not the same everywhere, every other twentieth not everywhere. */
const kindOf = (index: number) => (index % 20 === 7 ? 'different' : index % 20 === 13 ? 'missing' : 'same')

const skuOf = (index: number) => `sku-${index}`

/** `place`: the site's place among those that hold the type. Undefined: this site had none. */
function heldBefore(index: number, place: number): Item | undefined {
  const kind = kindOf(index)
  if (kind === 'missing' && place === 1) return undefined
  const more = kind === 'different' ? place : 0
  return {
    sku: skuOf(index),
    title: `title ${index}${kind === 'different' ? ` of ${place}` : ''}`,
    on_hand: 1_000_000 * (1 + more),
    shelves: { a: { units: 7 }, [`b${more}`]: { units: 3 } },
  }
}

const twoSites = ['two sites', 'stock-of-two'] as const
const threeSites = ['three sites', 'stock'] as const

describe.each(long ? [twoSites, threeSites] : [threeSites])('documents of %s', (_, type) => {
  const added = new Map<string, number>()
  let clients: readonly ApplicationClient[]
  let sites: readonly string[]

  test(
    'stand in their tables before, and nothing of them travels',
    async () => {
      sites = running.clouds.plan.types.find(({ name }) => name === type)?.sites ?? []
      clients = sites.flatMap(site => running.clients.find(client => client.site === site) ?? [])
      for (const [place, site] of sites.entries()) {
        const documents = indexes().flatMap(index => heldBefore(index, place) ?? [])
        const file = join(files, `${type}-${site}.ndjson`)
        await writeFile(file, documents.map(document => `${JSON.stringify(document)}\n`).join(''))
        await tributary('load', type, file, '--site', site, '--json')
      }
      await sleep(1000)
      const reader = readers.find(({ site }) => site === sites[1])
      const held = await reader?.read(type)
      expect(held?.size).toBe(indexes().filter(index => kindOf(index) !== 'missing').length)
    },
    withinMs,
  )

  test(
    'are adopted under writes, by a command that is killed twice and then interrupted',
    async () => {
      const writing = new AbortController()
      const writers = clients.map((client, place) => write(client, place, writing.signal))
      await sleep(500)
      // While the feeds settle, and later.
      expect(await killedAdopt(long ? 5_000 : 2_000)).toBe('SIGKILL')
      expect(await killedAdopt(long ? 8_000 : 6_000)).toBe('SIGKILL')
      const interrupted = await interruptedAdopt()
      expect(interrupted).toMatchObject({ code: 130, out: expect.stringMatching(/^interrupted after \d+ records/) })
      expect(interrupted.out).toContain('to go on, run the same again')
      const { stdout } = await tributary('adopt', type, '--settle', settleS, '--json')
      const result = JSON.parse(stdout)
      if (long) process.stdout.write(`    ${stdout.replaceAll(/\s+/g, ' ')}\n`)
      writing.abort()
      await Promise.all(writers)
      expect(result).toMatchObject({ outcome: 'adopted', already: false, refused: 0, known: 0 })
    },
    withinMs,
  )

  test(
    'then are the same at every site, every amount counted once',
    async () => {
      const deadline = Date.now() + withinMs / 2
      for (;;) {
        const wrong = await differences()
        if (wrong.length === 0) break
        if (Date.now() > deadline) expect(wrong.slice(0, 5)).toEqual([])
        await sleep(1000)
      }
      const { deadLetters } = await readStatus(running.clouds)
      expect(Object.values(deadLetters)).toEqual([0, 0, 0])
    },
    withinMs,
  )

  test(
    'and what lost is in the audit of every site, whole',
    async () => {
      const entries = (await readResolutions(running.clouds)).filter(entry => entry.type === type && entry.to === 1)
      const expected = indexes().filter(index => kindOf(index) === 'different')
      const bySite = sites.map(site => entries.filter(entry => entry.site === site).length)
      expect(bySite).toEqual(sites.map(() => expected.length))
      for (const entry of entries) {
        const index = Number(entry.key[0]?.slice('sku-'.length))
        const held = entry.arbitrations[0]?.lost?.map(({ value }) => value)
        expect(held).toEqual(sites.map((_site, place) => without(heldBefore(index, place), 'sku')))
      }
    },
    withinMs,
  )

  test('a second run finds nothing left to do, and new documents travel', async () => {
    const { stdout } = await tributary('adopt', type, '--json')
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'adopted', already: true })
    await clients[0]?.put(type, { sku: 'new', on_hand: 5 })
    const read = () => Promise.all(clients.map(client => client.read(type, ['new'])))
    await expect.poll(read, { timeout: 20_000 }).toEqual(clients.map(() => ({ sku: 'new', on_hand: 5 })))
  })

  /** Runs the command and ends it by force, if it is not through by then. */
  async function killedAdopt(afterMs: number): Promise<string | null> {
    const child = spawn(process.execPath, [program, 'adopt', type, '--settle', settleS], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await Promise.race([sleep(afterMs), ended])
    child.kill('SIGKILL')
    const [, signal] = await ended
    return signal
  }

  /** Runs the command and presses Ctrl-C as soon as it says that it compares or captures. */
  async function interruptedAdopt(): Promise<{ readonly code: number | null; readonly out: string }> {
    // Progress is told every five seconds, and at once when the feeds took longer than that to settle.
    const child = spawn(process.execPath, [program, 'adopt', type, '--settle', '6'])
    let out = ''
    child.stdout.on('data', text => {
      out += text
    })
    child.stderr.on('data', text => {
      if (/comparing|capturing/.test(String(text))) child.kill('SIGINT')
    })
    const [code] = await once(child, 'close')
    return { code, out }
  }

  /** Adds to one document after the other that this site had before. */
  async function write(client: ApplicationClient, place: number, signal: AbortSignal): Promise<void> {
    const mine = indexes().filter(index => heldBefore(index, place))
    for (let n = place; !signal.aborted; n++) {
      const index = mine[(n * 37) % mine.length] ?? 0
      const amount = 1 + (n % 5)
      await client.increment(type, [skuOf(index)], ['on_hand'], amount)
      added.set(skuOf(index), (added.get(skuOf(index)) ?? 0) + amount)
      await sleep(writeEveryMs)
    }
  }

  async function differences(): Promise<readonly unknown[]> {
    const held = await Promise.all(
      sites.map(async site => (await readers.find(reader => reader.site === site)?.read(type)) ?? new Map()),
    )
    return indexes().flatMap(index => {
      const sku = skuOf(index)
      const wanted = expectedAfter(index, sites.length, added.get(sku) ?? 0)
      const shown = held.map(documents => documents.get(sku))
      return shown.every(document => isSame(document, wanted)) ? [] : [{ wanted, shown }]
    })
  }
})

/** Where documents differed: the greatest of the numbers, all elements, one of the titles. */
function expectedAfter(index: number, siteCount: number, added: number): Item {
  const last = heldBefore(index, kindOf(index) === 'different' ? siteCount - 1 : 0)
  const places = kindOf(index) === 'different' ? Array.from({ length: siteCount }, (_, place) => place) : [0]
  const shelves = Object.fromEntries(places.map(place => [`b${place}`, { units: 3 }]))
  return { ...last, on_hand: Number(last?.on_hand) + added, shelves: { a: { units: 7 }, ...shelves } }
}

function indexes(): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

function isSame(document: Item | undefined, wanted: Item): boolean {
  try {
    expect(document).toEqual(wanted)
    return true
  } catch {
    return false
  }
}

function without(document: Item | undefined, field: string): Item {
  return Object.fromEntries(Object.entries(document ?? {}).filter(([name]) => name !== field))
}

function tributary(...parameters: readonly string[]) {
  return promisify(execFile)(process.execPath, [program, ...parameters])
}
