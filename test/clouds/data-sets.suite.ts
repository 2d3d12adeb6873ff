/**
 * About 10,000 documents that no one here wrote (250 in `npm test`), loaded with `tributary load` at one site each:
 * equal at all three, value for value and type for type. Then every site changes 5 % of them at once: what did not
 * conflict is all there, and what did is one of the values that somebody wrote, the others in the audit.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import type {
  ApplicationClient,
  FieldPath,
  Item,
  Value,
} from '../../tools/local/official-clients/application-client.ts'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { type DocumentReader, openReader } from './all-documents.ts'
import { type DataSet, dataSets, type SetType } from './data-sets.ts'
import type { TestClouds } from './running-clouds.ts'
import { tableClouds } from './shared-clouds.ts'

const long = process.env.TRIBUTARY_LONG === '1'
const withinMs = long ? 1_200_000 : 240_000
const pollMs = 1000

let running: TestClouds
let readers: readonly DocumentReader[]
let files: string
let sets: readonly DataSet[]

/** By type and key: the documents that all sites may show. One, unless several sites changed the same thing. */
type Candidates = Map<string, readonly Item[]>
const expected: Record<SetType, Candidates> = { wholes: new Map(), parts: new Map() }

beforeAll(async () => {
  running = await tableClouds()
  const endpoints = await readEndpoints(join(running.folder, 'endpoints.json'))
  readers = Object.entries(endpoints).map(([site, at]) => openReader(site, at))
  files = await mkdtemp(join(tmpdir(), 'tributary-data-sets-'))
  sets = await dataSets(files, long ? 1 : 40)
}, 120_000)

afterAll(async () => {
  await Promise.all((readers ?? []).map(reader => reader.close()))
  if (files) await rm(files, { recursive: true, force: true })
})

test(
  'data sets loaded at one site are equal at all, value for value and type for type',
  async () => {
    const bySite = [...Map.groupBy(sets, ({ site }) => site).values()]
    await Promise.all(
      bySite.map(async atSite => {
        for (const dataSet of atSite) await loadSet(dataSet)
      }),
    )
    await allAsExpected('equal at all sites after')
  },
  withinMs + 60_000,
)

test(
  'every site changes 5 % at once: what did not conflict is there, what did is what one site wrote',
  async () => {
    const plans = planChanges()
    await running.apart(async () => {
      await Promise.all(
        running.clients.map(client =>
          write(
            client,
            plans.filter(({ site }) => site === client.site),
          ),
        ),
      )
    })
    for (const type of types) {
      const ofType = plans.filter(plan => plan.type === type)
      for (const [key, changes] of Map.groupBy(ofType, plan => plan.key)) {
        const [before = {}] = expected[type].get(key) ?? []
        expected[type].set(key, outcomes(type, before, changes))
      }
    }
    await allAsExpected('equal again after')
    await everyLoserAudited(plans)
    const { deadLetters } = await readStatus(running.clouds)
    expect(deadLetters).toEqual({ 'aws-us-east-1': 0, 'gcp-us-central1': 0, 'azure-eastus': 0 })
  },
  withinMs + 60_000,
)

async function loadSet({ file, type, site, options, documents }: DataSet): Promise<void> {
  const summary = await load(type, file, '--site', site, ...options)
  expect(summary).toMatchObject({ read: documents.size, written: documents.size, failed: 0, failures: [] })
  for (const [key, document] of documents) expected[type].set(key, [{ ...document, name: key }])
  report(`${documents.size} of ${file.split('/').pop()} at ${site}, ${Math.round(summary.perSecond)}/s`)
}

/** `tributary load` as a user runs it. */
async function load(...parameters: readonly string[]): Promise<{ readonly perSecond: number }> {
  const program = join(projectRoot, 'tools/cli/tributary.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'load', ...parameters, '--json'])
  return JSON.parse(stdout)
}

/** A figure for whoever watches. */
function report(text: string): void {
  if (long) process.stdout.write(`    ${text}\n`)
}

/** A document that is not the same everywhere, or none that may be, with what each site shows. */
interface Difference {
  readonly type: SetType
  readonly key: string
  readonly candidates: readonly Item[]
  readonly shown: Readonly<Record<string, Item | undefined>>
}

/**
 * Reading everything keeps the sites from their work. So a few documents are asked for until they are right, then all of
 * them are read; of those that are not right yet the next few are taken.
 */
async function allAsExpected(what: string): Promise<void> {
  const startedMs = performance.now()
  let probes: readonly ProbedRecord[] = types.flatMap(type =>
    [...expected[type].keys()]
      .filter((_, index, { length }) => (length - 1 - index) % 100 === 0)
      .map(key => ({ type, key })),
  )
  for (;;) {
    const isSoon = (await Promise.all(probes.slice(-probesMax).map(differs))).every(differing => !differing)
    const seconds = (performance.now() - startedMs) / 1000
    const isLate = seconds * 1000 > withinMs
    const wrong = isSoon || isLate ? (await Promise.all(types.map(differences))).flat() : undefined
    if (wrong?.length === 0) return report(`${what} ${seconds.toFixed(1)} s`)
    if (wrong && isLate) {
      const { routes, deadLetters } = await readStatus(running.clouds)
      const behind = routes.filter(({ backlog }) => backlog > 0)
      return expect({ count: wrong.length, first: wrong.slice(0, 3), behind, deadLetters }).toEqual({ count: 0 })
    }
    if (wrong) probes = wrong
    await sleep(pollMs)
  }
}

const probesMax = 30
const types = ['wholes', 'parts'] as const

type ProbedRecord = Pick<Difference, 'type' | 'key'>

async function differs({ type, key }: ProbedRecord): Promise<boolean> {
  const shown = await Promise.all(running.clients.map(client => client.read(type, [key])))
  return !isRight(shown, expected[type].get(key) ?? [])
}

function isRight([first, ...others]: readonly (Item | undefined)[], candidates: readonly Item[]): boolean {
  if (!others.every(document => isDeepStrictEqual(document, first))) return false
  return candidates.some(candidate => isDeepStrictEqual(candidate, first))
}

async function differences(type: SetType): Promise<readonly Difference[]> {
  const shown = await Promise.all(readers.map(async ({ site, read }) => [site, await read(type)] as const))
  const keys = new Set([...expected[type].keys(), ...shown.flatMap(([, documents]) => [...documents.keys()])])
  return [...keys].flatMap(key => {
    const candidates = expected[type].get(key) ?? []
    const documents = shown.map(([site, all]) => [site, all.get(key)] as const)
    const right = isRight(
      documents.map(([, document]) => document),
      candidates,
    )
    return right ? [] : [{ type, key, candidates, shown: Object.fromEntries(documents) }]
  })
}

interface PlannedChange {
  readonly site: string
  readonly type: SetType
  readonly key: string
  /** Undefined: the field goes. */
  readonly value: Value | undefined
  readonly path: FieldPath
}

/**
 * Of a hundred documents every site changes five: three that no other site touches, one that every site changes in a
 * field of its own, one that every site changes in the same field.
 */
function planChanges(): readonly PlannedChange[] {
  const siteIds = running.clients.map(({ site }) => site)
  return types.flatMap(type =>
    [...expected[type]].flatMap(([key, [document = {}]], index) => {
      const place = index % 100
      const alone = siteIds[Math.floor(place / 3)]
      if (alone !== undefined) return [{ site: alone, type, key, ...soloChange(document, place % 3, index) }]
      if (place !== 50 && place !== 51) return []
      return siteIds.map(site => {
        const path: FieldPath = [place === 50 ? `seen at ${site}` : 'verdict']
        return { site, type, key, path, value: { by: site, números: [index, String(index), null] } }
      })
    }),
  )
}

/** A value of another type, a new field, a field less; deep inside where there is something inside. */
function soloChange(document: Item, kind: number, index: number): Pick<PlannedChange, 'path' | 'value'> {
  const [field = 'name', value = null] = Object.entries(document).find(([name]) => name !== 'name') ?? []
  const [inner] = isItem(document.properties) ? Object.keys(document.properties) : []
  if (kind === 1) return { path: ['añadido ✎'], value: [{ deep: { 'a.b': index, '/~': '✓' } }, index / 7, true] }
  if (kind === 2) return { path: [field], value: undefined }
  if (inner !== undefined) return { path: ['properties', inner], value: `was ${index}` }
  return { path: [field], value: typeof value === 'string' ? index + 0.5 : `${index}` }
}

function isItem(value: Value | undefined): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function write(client: ApplicationClient, changes: readonly PlannedChange[]): Promise<void> {
  for (const { type, key, path, value } of changes) {
    if (value === undefined) await client.unset(type, [key], path)
    else await client.set(type, [key], path, value)
  }
}

/** What may be everywhere after these changes of one document, each by another site that had not seen the others. */
function outcomes(type: SetType, before: Item, changes: readonly PlannedChange[]): readonly Item[] {
  const oneOf = changes.map(change => changed(before, change.path, change.value))
  const sameField = new Set(changes.map(({ path }) => path[0])).size === 1
  if (type === 'wholes' || sameField) return oneOf
  return [changes.reduce((document, { path, value }) => changed(document, path, value), before)]
}

function changed(document: Item, [name, ...rest]: readonly string[], value: Value | undefined): Item {
  if (name === undefined) return document
  const { [name]: inner, ...others } = document
  const next = rest.length > 0 && isItem(inner) ? changed(inner, rest, value) : value
  return next === undefined ? others : { ...others, [name]: next }
}

/** Each site's change that another one won over is in the audit of some site, whole. */
async function everyLoserAudited(plans: readonly PlannedChange[]): Promise<void> {
  const shared = plans.filter(({ type, path }) => path[0] === 'verdict' || (type === 'wholes' && isSeen(path)))
  const [reader] = readers
  const winners = { wholes: await reader?.read('wholes'), parts: await reader?.read('parts') }
  const losers = shared.filter(
    ({ type, key, path: [field], value }) => !isDeepStrictEqual(winners[type]?.get(key)?.[field], value),
  )
  expect(losers).toHaveLength((shared.length * 2) / 3)
  const missing = async () => {
    const lost = new Map(
      [...Map.groupBy(await readResolutions(running.clouds), ({ type, key }) => `${type} ${key.join()}`)].map(
        ([record, entries]) => [
          record,
          entries.flatMap(({ arbitrations }) =>
            arbitrations.flatMap(({ lost = [] }) => lost.map(({ value }) => value)),
          ),
        ],
      ),
    )
    return losers.filter(({ type, key, path: [field], value }) => {
      const values = lost.get(`${type} ${key}`) ?? []
      return !values.some(other => isDeepStrictEqual(type === 'wholes' ? fieldOf(other, field) : other, value))
    })
  }
  await expect.poll(missing, { timeout: 30_000, interval: 1000 }).toEqual([])
}

const isSeen = ([field]: FieldPath) => field.startsWith('seen at')

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined
}
