/** The command line as a user runs it: each command a process of its own, its output and its exit code. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { isAlive, readState, writeState } from '../../tools/local/local-folder.ts'
import { openClients } from '../../tools/local/official-clients/open-clients.ts'
import { clearEndpoints } from './clear-endpoints.ts'
import { cartsAndProducts } from './running-clouds.ts'

const program = join(projectRoot, 'tools/cli/tributary.ts')
const twoOfGoogle = join(import.meta.dirname, 'two-of-google.config.ts')

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

let folder: string

beforeAll(async () => {
  clearEndpoints()
  folder = await mkdtemp(join(tmpdir(), 'tributary-cli-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

async function tributary(...parameters: readonly string[]): Promise<Ran> {
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: folder } }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...parameters], options)
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout, err: stderr }
  }
}

async function json(...parameters: readonly string[]) {
  const { code, out, err } = await tributary(...parameters, '--json')
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

async function pidsOf(path: string): Promise<readonly number[]> {
  const state = await readState({ path, endpointsFile: '', variablesFile: '' })
  return Object.values(state?.sites ?? {}).map(({ pid }) => pid)
}

test('without clouds every command says what to do', async () => {
  for (const command of [
    ...[['status'], ['audit'], ['conflicts', 'list'], ['replay', '--policy', 'sync.config.ts']],
    ...[
      ['get', 'carts', 'alice'],
      ['invoke', 'aws-us-east-1/capture'],
      ['preflight', '--local'],
      ['uninstall', '--local', '--site', 'azure-eastus'],
      ['local', 'destroy', 'azure-eastus'],
      ['local', 'redeploy', 'azure-eastus'],
    ],
  ]) {
    const { code, err } = await tributary(...command)
    expect(code).toBe(1)
    expect(err).toContain('npx tributary local up')
  }
})

test('preflight of an account that nobody can ask is refused, with what to do', async () => {
  vi.stubEnv('GOOGLE_CLOUD_PROJECT', '')
  const { code, out } = await tributary('preflight', '--config', cartsAndProducts, '--site', 'gcp-us-central1')
  vi.unstubAllEnvs()
  expect(code).toBe(1)
  expect(out).toContain('--var project=PROJECT')
})

test('a declaration that is wrong is refused with its faults, and a missing one by name', async () => {
  const { code, err } = await tributary('local', 'up', '--config', 'no-such.config.ts')
  expect(code).toBe(1)
  expect(err).toContain('no-such.config.ts')
})

test.each([
  ['local', 'up'],
  ['tour', '--once'],
])('%s %s refuses a timing that there is not, and names those that there are', async (...command) => {
  const { code, err } = await tributary(...command, '--timing', 'slow')
  expect(code).toBe(1)
  expect(err).toContain("'slow' is invalid. Allowed choices are fast, cloud.")
})

describe('with clouds up', () => {
  beforeAll(async () => {
    const up = await tributary('local', 'up', '--config', cartsAndProducts)
    expect(up.code, up.err).toBe(0)
  }, 120_000)

  afterAll(async () => {
    const pids = await pidsOf(folder)
    expect((await tributary('local', 'down')).out).toBe('down\n')
    expect(pids.filter(isAlive)).toEqual([])
    expect((await tributary('local', 'down')).out).toBe('nothing was up\n')
  }, 60_000)

  test('a second up is refused and disturbs nothing', async () => {
    const { code, err } = await tributary('local', 'up')
    expect(code).toBe(1)
    expect(err).toContain('up already')
    expect((await pidsOf(folder)).every(isAlive)).toBe(true)
  })

  test('preflight of the local clouds refuses nothing, and says of what they cannot tell that it is unknown', async () => {
    const findings: readonly { readonly site: string; readonly check: string; readonly outcome: string }[] = await json(
      'preflight',
      '--local',
    )
    expect(new Set(findings.map(({ site }) => site)).size).toBe(3)
    const outcomes = Map.groupBy(findings, ({ outcome }) => outcome)
    expect([...outcomes.keys()].toSorted()).toEqual(['ok', 'unknown'])
    expect(outcomes.get('unknown')?.map(({ check }) => check)).toContain('backup')
    const one = await tributary('preflight', '--local', '--site', 'nowhere')
    expect(one).toMatchObject({ code: 1, err: expect.stringContaining("no site 'nowhere'") })
  })

  test('the endpoints file and the variables serve official clients', async () => {
    const clients = await openClients(join(folder, 'endpoints.json'))
    expect(clients.map(({ site }) => site)).toEqual(['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'])
    await Promise.all(clients.map(client => client.close()))
    const variables = await readFile(join(folder, 'env'), 'utf8')
    for (const name of ['AWS_ENDPOINT_URL_DYNAMODB', 'FIRESTORE_EMULATOR_HOST', 'TRIBUTARY_COSMOS']) {
      expect(variables).toContain(`export ${name}=`)
    }
  })

  const invocations = [
    ['aws-us-east-1/capture', { batchItemFailures: [] }],
    ['aws-us-east-1/publish', null],
    ['aws-us-east-1/forward-gcp-us-central1', { batchItemFailures: [] }],
    ['aws-us-east-1/forward-azure-eastus', { batchItemFailures: [] }],
    ['gcp-us-central1/capture', { status: 204, body: '' }],
    ['gcp-us-central1/publish', { status: 204, body: '' }],
    ['gcp-us-central1/forward-aws-us-east-1', { status: 204, body: '' }],
    ['gcp-us-central1/forward-azure-eastus', { status: 204, body: '' }],
    ['azure-eastus/capture-products', { succeeded: true }],
    ['azure-eastus/capture-carts', { succeeded: true }],
    ['azure-eastus/publish-products', { succeeded: true }],
    ['azure-eastus/publish-carts', { succeeded: true }],
    ['azure-eastus/forward-aws-us-east-1', { succeeded: true }],
    ['azure-eastus/forward-gcp-us-central1', { succeeded: true }],
  ] as const

  test.each(invocations)('invoke %s runs it with its recorded event', async (target, expected) => {
    const { result, log } = await json('invoke', target)
    if (expected === null) expect(result ?? null).toBeNull()
    else expect(result).toMatchObject(expected)
    expect(log.filter((line: string) => line.includes('"level":"error"'))).toEqual([])
  })

  test.each(['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'])(
    'invoke %s/ingest answers the recorded batch',
    async site => {
      const { result } = await json('invoke', `${site}/ingest`)
      expect(result.status ?? result.statusCode).toBe(200)
      expect(JSON.parse(result.body).answers[0].answer).toMatch(/applied|duplicate/)
    },
  )

  test('invoke names what there is when a function or an event is not there', async () => {
    const unknown = await tributary('invoke', 'aws-us-east-1/nothing', '--event', 'events/aws/capture.json')
    expect(unknown.err).toContain('capture, publish, forward-gcp-us-central1')
    const missing = await tributary('invoke', 'aws-us-east-1/capture', '--event', 'no-such-event.json')
    expect(missing.err).toContain('no-such-event.json')
  })

  test('other sites are no redeployment, which says what to do instead', async () => {
    const { code, err } = await tributary('local', 'redeploy', 'gcp-us-central1', '--config', twoOfGoogle)
    expect(code).toBe(1)
    expect(err).toContain('npx tributary local down, and up')
  })

  test('cut and heal are seen in status; an unknown site is refused by name', async () => {
    expect(await json('local', 'cut', 'azure-eastus')).toEqual({ cut: ['azure-eastus'] })
    expect((await json('status')).cut).toEqual(['azure-eastus'])
    expect(await json('local', 'heal', 'azure-eastus')).toEqual({ cut: [] })
    expect((await tributary('local', 'cut', 'mars')).err).toContain('aws-us-east-1, gcp-us-central1, azure-eastus')
  })

  test.each(['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'])(
    'load at %s writes what can be written, names the rest by line, and overwrites only when told to',
    async site => {
      const file = join(folder, `${site}.ndjson`)
      const lines = [
        '{"product_id":"a/ž","tags":[[1],null],"id":7}',
        '{"product_id":',
        '{"title":"x"}',
        '{"product_id":"b"}',
        '{"product_id":"b"}',
      ]
      await writeFile(file, lines.map(line => line.replace('b"', `b-${site}"`).replace('ž', site)).join('\n'))
      const first = await tributary('load', 'products', file, '--site', site)
      expect(first.code).toBe(1)
      expect(first.out).toContain(`2 of 5 written to products at ${site}, 3 failed`)
      expect(first.err.split('\n').map(line => line.replace(file, 'f'))).toEqual([
        expect.stringMatching(/^f:2: .*JSON/),
        expect.stringMatching(/^f:3: has no product_id/),
        expect.stringMatching(/^f:5: b-.*: a record before it in this file has the same key/),
        '',
      ])

      await writeFile(file, `{"product_id":"b-${site}","price":2}\n`)
      const again = await tributary('load', 'products', file, '--site', site)
      expect(again).toMatchObject({ code: 1, err: expect.stringContaining(`b-${site}: exists already`) })
      const [skipped, replaced] = [
        await json('load', 'products', file, '--site', site, '--if-exists', 'skip'),
        await json('load', 'products', file, '--site', site, '--if-exists', 'overwrite'),
      ]
      expect(skipped).toMatchObject({ read: 1, written: 0, skipped: 1, failed: 0 })
      expect(replaced).toMatchObject({ read: 1, written: 1, skipped: 0, failed: 0 })
      for (const [key, document] of [
        [`b-${site}`, { price: 2 }],
        [`a/${site}`, { tags: [[1], null], id: 7 }],
      ] as const) {
        const everywhere = async () => {
          const { sites } = await json('get', 'products', encodeURIComponent(key))
          return Object.values<{ document: unknown }>(sites).map(({ document: shown }) => shown)
        }
        await expect.poll(everywhere, { timeout: 40_000 }).toEqual([document, document, document])
      }
    },
    120_000,
  )

  test.each([
    ['Ctrl-C', 'SIGINT', 130],
    ['SIGTERM', 'SIGTERM', 143],
  ] as const)(
    'load is stopped by %s: what was read is written, and it says how far that was',
    async (_, signal, code) => {
      const child = spawn(
        process.execPath,
        [program, 'load', 'products', '-', '--format', 'ndjson', '--site', 'aws-us-east-1'],
        { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: folder }, stdio: ['pipe', 'pipe', 'inherit'] },
      )
      let out = ''
      child.stdout.on('data', text => {
        out += text
      })
      for (let line = 1; line <= 30; line++) child.stdin.write(`{"product_id":"${signal}-${line}"}\n`)
      const clients = await openClients(join(folder, 'endpoints.json'))
      const isThere = async (line: number) => (await clients[0]?.read('products', [`${signal}-${line}`])) !== undefined
      // The first batch; the rest waits for more to come.
      await expect.poll(() => isThere(25), { timeout: 20_000 }).toBe(true)
      child.kill(signal)
      expect(await once(child, 'exit')).toEqual([code, null])
      expect(out).toContain('30 of 30 written')
      expect(out).toContain('stopped after stdin:30')
      expect(await isThere(30)).toBe(true)
      await Promise.all(clients.map(client => client.close()))
    },
    60_000,
  )

  test('status, audit and dead letters print tables and JSON', async () => {
    const { routes, timing } = await json('status')
    expect(timing).toBe('fast')
    expect(routes[0]).toMatchObject({ site: 'aws-us-east-1', peer: 'gcp-us-central1', type: 'products' })
    expect(Array.isArray(await json('audit'))).toBe(true)
    expect(Array.isArray(await json('dead-letters'))).toBe(true)
    expect((await tributary('status')).out).toMatch(/backlog[\s\S]*timing: fast/)
  })
})

test('a process id in an old file is nobody that down may end', async () => {
  const bystander = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
  const path = join(folder, 'old')
  await writeState(
    { path, endpointsFile: join(path, 'endpoints.json'), variablesFile: join(path, 'env') },
    {
      startedAt: new Date(0).toISOString(),
      config: cartsAndProducts,
      timing: 'fast',
      secret: 'old',
      cut: [],
      sites: { 'aws-us-east-1': { pid: bystander.pid ?? 0, control: 'http://127.0.0.1:9/', log: 'log' } },
    },
  )
  const options = { cwd: projectRoot, env: { ...process.env, TRIBUTARY_LOCAL: path } }
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'local', 'down'], options)
  expect(stdout).toBe('nothing was up\n')
  expect(isAlive(bystander.pid ?? 0)).toBe(true)
  bystander.kill()
})

test('npx tributary runs it', async () => {
  const { stdout } = await promisify(execFile)('npx', ['tributary', '--help'], { cwd: projectRoot })
  expect(stdout).toContain('dead-letters')
})

describe('npm start', () => {
  function start(parameters: readonly string[], path: string): ChildProcess {
    return spawn(process.execPath, [program, 'tour', ...parameters], {
      cwd: projectRoot,
      env: { ...process.env, TRIBUTARY_LOCAL: path },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  test('--once shows the tour and ends with 0', async () => {
    const path = join(folder, 'once')
    const child = start(['--once'], path)
    let out = ''
    child.stdout?.on('data', text => {
      out += text
    })
    const [code] = await once(child, 'exit')
    expect(out).toContain('all as expected')
    expect(code).toBe(0)
  }, 180_000)

  test.concurrent('--no-tour stays up until Ctrl-C, which leaves no process', async ({ expect }) => {
    const path = join(folder, 'foreground')
    const child = start(['--no-tour', '--config', twoOfGoogle], path)
    await new Promise<void>(resolve => child.stdout?.on('data', text => String(text).includes('stay up') && resolve()))
    const pids = await pidsOf(path)
    expect(pids.filter(isAlive)).toHaveLength(2)
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(pids.filter(isAlive)).toEqual([])
  }, 180_000)

  test.concurrent('killed hard, it takes its sites along', async ({ expect }) => {
    const path = join(folder, 'killed')
    const child = start(['--no-tour', '--config', twoOfGoogle], path)
    await new Promise<void>(resolve => child.stdout?.on('data', text => String(text).includes('stay up') && resolve()))
    const pids = await pidsOf(path)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(() => pids.filter(isAlive), { timeout: 15_000 }).toEqual([])
  }, 180_000)
})
