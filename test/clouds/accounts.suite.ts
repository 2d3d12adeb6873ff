/**
 * Commands with `--accounts`: told of the three stores by nothing but the variables that the official clients read, as on a
 * machine from which sites were deployed. The host processes of the local clouds are not asked; there is no folder to find
 * them by.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { createProgram } from '../../tools/cli/program.ts'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { openStores } from './open-stores.ts'
import type { TestClouds } from './running-clouds.ts'
import { tableClouds } from './shared-clouds.ts'

const program = join(projectRoot, 'tools/cli/tributary.ts')
const [aws, gcp, azure] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const declared = ['--accounts', '--config', 'test/clouds/tables.config.ts', '--json']

let running: TestClouds
let files: string
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  running = await tableClouds()
  files = await mkdtemp(join(tmpdir(), 'tributary-accounts-'))
  const { [aws]: onAws, [gcp]: onGcp, [azure]: onAzure } = await readEndpoints(join(running.folder, 'endpoints.json'))
  const { COSMOS_CONNECTION_STRING: _, ...inherited } = process.env
  environment = {
    ...inherited,
    TRIBUTARY_LOCAL: join(files, 'nothing-is-up-here'),
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: onAws?.endpoints.dynamodb,
    AWS_ENDPOINT_URL_KINESIS: onAws?.endpoints.kinesis,
    AWS_ENDPOINT_URL_SQS: onAws?.endpoints.sqs,
    GOOGLE_CLOUD_PROJECT: onGcp?.project,
    FIRESTORE_EMULATOR_HOST: onGcp?.endpoints.firestore,
    PUBSUB_EMULATOR_HOST: onGcp?.endpoints.pubsub,
    METADATA_SERVER_DETECTION: 'none',
    COSMOS_ENDPOINT: onAzure?.endpoints.cosmos,
    COSMOS_KEY: onAzure?.credentials?.cosmosKey,
    AZURE_STORAGE_CONNECTION_STRING: onAzure?.credentials?.storage,
  }
}, 120_000)

afterAll(async () => {
  if (files) await rm(files, { recursive: true, force: true })
})

const run = (parameters: readonly string[], env: NodeJS.ProcessEnv = environment) =>
  promisify(execFile)(process.execPath, [program, ...parameters, ...declared], { cwd: projectRoot, env })

/** What the command prints. In this process: a start of its own takes longer than most of them. */
async function ask(...parameters: readonly string[]) {
  const printed: unknown[] = []
  const log = vi.spyOn(console, 'log').mockImplementation(text => void printed.push(text))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  for (const [name, value] of Object.entries(environment)) if (value !== process.env[name]) vi.stubEnv(name, value)
  try {
    await createProgram().parseAsync([...parameters, ...declared], { from: 'user' })
    return JSON.parse(printed.join('\n'))
  } finally {
    log.mockRestore()
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}

const client = (site: string) => {
  const found = running.clients.find(candidate => candidate.site === site)
  if (!found) throw new Error(`no client of ${site}`)
  return found
}

describe('with --accounts', () => {
  const before = Array.from({ length: 12 }, (_, index) => ({ bin: `bin-${index}`, on_hand: 1_000, shelves: {} }))

  test('load writes, adopt takes over what was there, and what differed is in the audit', async () => {
    for (const [place, site] of [aws, gcp, azure].entries()) {
      const documents = before.map((bin, index) => (index === 3 ? { ...bin, on_hand: 1_000 + place } : bin))
      const file = join(files, `${site}.json`)
      await writeFile(file, JSON.stringify(documents))
      expect(await ask('load', 'bins', file, '--site', site)).toMatchObject({ written: before.length, failed: 0 })
    }
    const result = JSON.parse((await run(['adopt', 'bins', '--settle', '3'])).stdout)
    expect(result).toMatchObject({ outcome: 'adopted', seen: 12, equal: 11, different: 1, refused: 0, captured: 0 })
    expect(await ask('adopt', 'bins', '--settle', '3')).toMatchObject({ outcome: 'adopted', already: true })
    await running.everywhere('bins', ['bin-3'], { bin: 'bin-3', on_hand: 1_002, shelves: {} })
    const told = await ask('audit', '--type', 'bins', '--rule', 'baselines-differ')
    expect(told.map(({ site }: { site: string }) => site).sort()).toEqual([aws, azure, gcp].sort())
    expect(await ask('get', 'bins', 'bin-3')).toMatchObject({ equal: true })
  }, 90_000)

  test('what an application increments afterwards counts once', async () => {
    await Promise.all([aws, gcp, azure].map(site => client(site).increment('bins', ['bin-1'], ['on_hand'], 5)))
    await running.everywhere('bins', ['bin-1'], { bin: 'bin-1', on_hand: 1_015, shelves: {} })
  }, 60_000)

  test('pause holds back, status tells how much, drain waits for the rest', async () => {
    await ask('pause', 'notes', '--from', aws, '--to', azure, '--for', '10m')
    // Within two seconds, as pause says.
    await sleep(2_500)
    await client(aws).put('notes', { id: 'held', text: 'later' })
    const route = async () =>
      (await ask('status')).routes.find(
        ({ site, peer, type }: Record<string, string>) => site === aws && peer === azure && type === 'notes',
      )
    await expect.poll(async () => (await client(gcp).read('notes', ['held']))?.text, { timeout: 20_000 }).toBe('later')
    expect(await route()).toMatchObject({ backlog: 1, pausedUntilMs: expect.any(Number) })
    expect(await client(azure).read('notes', ['held'])).toBeUndefined()
    await expect(ask('drain', 'notes', '--from', aws)).rejects.toThrow('paused, so nothing drains')
    await ask('resume', 'notes')
    const drained = await ask('drain', 'notes', '--from', aws, '--timeout', '40s')
    expect(drained.map(({ left }: { left: number }) => left)).toEqual([0, 0])
    expect((await client(azure).read('notes', ['held']))?.text).toBe('later')
  }, 90_000)

  test('a dead letter is listed, and replayed once its document is mended', async () => {
    await client(aws).put('bins', { bin: 'wrong', on_hand: 'many', shelves: {} })
    let letters: readonly { readonly id: string; readonly site: string; readonly reason: string }[] = []
    await expect
      .poll(
        async () => {
          letters = await ask('dead-letters')
          return letters.length
        },
        { timeout: 20_000 },
      )
      .toBe(1)
    const [letter] = letters
    expect(letter).toMatchObject({ site: aws, ref: { type: 'bins', key: ['wrong'] } })
    await client(aws).put('bins', { bin: 'wrong', on_hand: 7, shelves: {} })
    await running.everywhere('bins', ['wrong'], { bin: 'wrong', on_hand: 7, shelves: {} })
    expect(await ask('dead-letters', 'replay', letter?.id ?? '')).toMatchObject({ site: aws, result: 'unchanged' })
    expect(await ask('dead-letters')).toEqual([])
  }, 90_000)

  test('a conflict is listed and resolved by a write', async () => {
    await client(aws).put('notes', { id: 'both', text: 'first' })
    await running.everywhere('notes', ['both'], { id: 'both', text: 'first' })
    await running.apart(async () => {
      await Promise.all([aws, gcp].map(site => client(site).put('notes', { id: 'both', text: site })))
    })
    await running.atRest()
    const flagged = async () =>
      (await ask('conflicts', 'list', '--type', 'notes')).map(({ key }: { key: string[] }) => key[0])
    // Each site tells of it: one that does so later would bring it up again.
    const told = async () => (await ask('conflicts', 'show', 'both', '--type', 'notes')).entries.length
    await expect.poll(async () => told().catch(() => 0), { timeout: 20_000 }).toBe(3)
    expect(await flagged()).toEqual(['both'])
    const review = await ask('conflicts', 'resolve', 'both', '--type', 'notes', '--take', gcp, '--at', azure)
    expect(['written', 'stood']).toContain(review.outcome)
    await running.everywhere('notes', ['both'], { id: 'both', text: gcp })
    expect(await flagged()).toEqual([])
  }, 90_000)

  test('what a site has lost is found, and sent to it once more', async () => {
    await client(gcp).put('notes', { id: 'kept', text: 'elsewhere' })
    await running.everywhere('notes', ['kept'], { id: 'kept', text: 'elsewhere' })
    await running.atRest()
    const stores = await openStores(running.folder)
    const notes = stores.cosmos.database('tributary').container('notes')
    // As if restored from before: neither the document nor what was known of it.
    await notes.item('_tributary|notes|kept', 'kept').delete()
    await notes.item('kept', 'kept').delete()
    await stores.close()
    await sleep(1_500)
    expect(await ask('repair', 'notes', '--older-than', '1s', '--dry-run')).toEqual([
      { type: 'notes', site: expect.stringMatching(/aws|gcp/), records: 1 },
    ])
    expect(await client(azure).read('notes', ['kept'])).toBeUndefined()
    expect(await ask('repair', 'notes', '--older-than', '1s')).toHaveLength(1)
    await running.everywhere('notes', ['kept'], { id: 'kept', text: 'elsewhere' })
    await running.atRest()
    expect(await ask('repair', 'notes', '--older-than', '1s')).toEqual([])
    expect(await ask('repair', 'bins')).toEqual([])
    await expect(ask('repair', 'stock-of-two')).rejects.toThrow('first npx tributary adopt stock-of-two')
  }, 90_000)

  test('a site that cannot be reached is named, with what to do', async () => {
    await expect(run(['status'], { ...environment, GOOGLE_CLOUD_PROJECT: '' })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/gcp-us-central1: nobody says in which project it is: --var project=PROJECT/),
    })
  }, 30_000)
})
