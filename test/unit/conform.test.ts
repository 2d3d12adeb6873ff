/** The conformance suite itself: what it says of a server that misbehaves, and that it cleans up whatever happens. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Behaviour, defineSuite, NotAsked } from '../conform/behaviour.ts'
import { realServer } from '../conform/real-servers.ts'
import { type ConformanceReport, isFailed } from '../conform/report.ts'
import { reportText } from '../conform/report-text.ts'
import { runSuite, type ServerUnderTest } from '../conform/run-suite.ts'
import { suites } from '../conform/suites.ts'

const server: ServerUnderTest = {
  description: { name: 'imaginary', version: '1', kind: 'local server of ours' },
  environment: {},
}

function row(name: string, run: () => Promise<void>): Behaviour<{ close(): Promise<void> }> {
  return { name, expected: 'holds', why: 'because', run }
}

interface Trial {
  readonly behaviours: readonly Behaviour<{ close(): Promise<void> }>[]
  readonly server?: ServerUnderTest
  readonly abort?: AbortController
  readonly prepare?: () => Promise<void>
  readonly remove?: (what: string) => Promise<void>
}

async function runTrial(trial: Trial) {
  const removed: string[] = []
  const remove = trial.remove ?? (async () => undefined)
  const suite = defineSuite({
    service: 'imaginary',
    clients: [],
    creates: 'nothing',
    behaviours: trial.behaviours,
    async prepare({ prefix, created }) {
      for (const what of [`${prefix}-topic`, `${prefix}-subscription`]) {
        created(what, async () => {
          await remove(what)
          removed.push(what)
        })
      }
      await trial.prepare?.()
      return { async close() {} }
    },
  })
  const options = { prefix: 'p', signal: (trial.abort ?? new AbortController()).signal, onProgress: () => undefined }
  const result = await runSuite(suite, trial.server ?? server, options)
  const report: ConformanceReport = {
    startedAt: '2026-11-20T00:00:00.000Z',
    seconds: 1,
    target: 'local',
    node: 'v24',
    interrupted: false,
    suites: [result],
  }
  return { result, report, removed }
}

const holds = row('holds', async () => undefined)
const fails = row('fails', () => Promise.reject(new Error('2 instead of 1')))

describe('a run', () => {
  test('names what failed with its cause, goes on with the next row, and removes what was created', async () => {
    const { result, report, removed } = await runTrial({ behaviours: [fails, holds] })
    expect(result.rows).toMatchObject([{ outcome: 'failed', cause: '2 instead of 1' }, { outcome: 'passed' }])
    expect(isFailed(report)).toBe(true)
    expect(reportText(report)).toContain('| fails | holds | because | FAILED: 2 instead of 1 |')
    expect(removed).toEqual(['p-imaginary-subscription', 'p-imaginary-topic'])
  })

  test('does not fail for what a target cannot be asked', async () => {
    const unasked = row('unasked', () => Promise.reject(new NotAsked('the account is on Session')))
    const { result, report } = await runTrial({ behaviours: [unasked] })
    expect(result.rows).toMatchObject([{ outcome: 'not asked', cause: 'the account is on Session' }])
    expect(isFailed(report)).toBe(false)
  })

  test('fails every row of a service that cannot be prepared, and removes what was created before', async () => {
    const prepare = () => Promise.reject(new Error('AccessDenied'))
    const { result, removed } = await runTrial({ behaviours: [holds], prepare })
    expect(result.rows).toMatchObject([{ outcome: 'failed', cause: 'could not be prepared: AccessDenied' }])
    expect(removed).toHaveLength(2)
  })

  test('when interrupted lets the present row end, asks no more, and removes what was created', async () => {
    const abort = new AbortController()
    const ended: string[] = []
    const slow = row('slow', async () => {
      abort.abort()
      await new Promise(resolve => setTimeout(resolve, 20))
      ended.push('slow')
    })
    const { result, removed } = await runTrial({ behaviours: [slow, fails], abort })
    expect(ended).toEqual(['slow'])
    expect(result.rows.map(({ outcome }) => outcome)).toEqual(['passed', 'not asked'])
    expect(removed).toHaveLength(2)
  })

  test('says what could not be removed, removes the rest, and fails', async () => {
    const remove = async (what: string) => {
      if (what === 'p-imaginary-subscription') throw new Error('busy')
    }
    const { result, report, removed } = await runTrial({ behaviours: [holds], remove })
    expect(result.left).toEqual(['p-imaginary-subscription (busy)'])
    expect(removed).toEqual(['p-imaginary-topic'])
    expect(isFailed(report)).toBe(true)
    expect(reportText(report)).toContain('p-imaginary-subscription (busy)')
  })
})

describe('a known difference of an emulator', () => {
  const kinesalite: ServerUnderTest = {
    ...server,
    description: { name: 'kinesalite', version: '3', kind: 'third-party emulator' },
  }
  const name = 'batches of more than a shard takes in a second'

  test('is shown with its cause and fails nothing', async () => {
    const { result, report } = await runTrial({ behaviours: [{ ...fails, name }], server: kinesalite })
    expect(result.rows).toMatchObject([{ outcome: 'differs', cause: expect.stringContaining('throttles nothing') }])
    expect(isFailed(report)).toBe(false)
  })

  test('fails the run when it is no longer there', async () => {
    const { result } = await runTrial({ behaviours: [{ ...holds, name }], server: kinesalite })
    expect(result.rows).toMatchObject([{ outcome: 'failed', cause: expect.stringContaining('passes now') }])
  })

  test('of one server is a failure of another', async () => {
    const { result } = await runTrial({ behaviours: [{ ...fails, name }] })
    expect(result.rows).toMatchObject([{ outcome: 'failed' }])
  })
})

describe('real accounts', () => {
  const aws = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' }

  test.each([
    ['dynamodb', aws, 'AWS_REGION is not set'],
    ['sqs', { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a' }, 'AWS_SECRET_ACCESS_KEY is not set'],
    ['firestore', { GOOGLE_CLOUD_PROJECT: 'p' }, 'GOOGLE_APPLICATION_CREDENTIALS is not set'],
    ['cosmos', { COSMOS_ENDPOINT: 'https://a.documents.azure.com' }, 'COSMOS_KEY is not set'],
    ['kinesis', {}, 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION are not set'],
    ['queues', {}, 'AZURE_STORAGE_CONNECTION_STRING is not set'],
  ])('%s without credentials is not run, and says what is missing', (service, environment, missing) => {
    expect(realServer(service, environment)).toBe(missing)
  })

  test.each([
    ['kinesis', { ...aws, AWS_REGION: 'eu-west-1' }],
    ['streams', { AWS_PROFILE: 'p', AWS_DEFAULT_REGION: 'eu-west-1' }],
    ['pubsub', { GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_APPLICATION_CREDENTIALS: '/key.json' }],
    ['cosmos', { COSMOS_CONNECTION_STRING: 'AccountEndpoint=https://a.documents.azure.com:443/;AccountKey=a==;' }],
    ['queues', { AZURE_STORAGE_CONNECTION_STRING: 'AccountName=a;AccountKey=a==;EndpointSuffix=core.windows.net' }],
  ])('%s with credentials is a cloud', (service, environment) => {
    expect(realServer(service, environment)).toMatchObject({ description: { kind: 'cloud' } })
  })

  test.each([
    ['dynamodb', { ...aws, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' }],
    ['firestore', { GOOGLE_CLOUD_PROJECT: 'p', FIRESTORE_EMULATOR_HOST: '127.0.0.1:8080' }],
    ['cosmos', { COSMOS_ENDPOINT: 'https://127.0.0.1:8081', COSMOS_KEY: 'a==' }],
    ['queues', { AZURE_STORAGE_CONNECTION_STRING: 'UseDevelopmentStorage=true' }],
  ])('%s at an address that is no cloud is never called one', (service, environment) => {
    expect(realServer(service, environment)).toMatchObject({ description: { kind: 'named server' } })
  })

  test('every suite knows its account', () => {
    for (const { service } of suites) expect(realServer(service, {}), service).toMatch(/not set$/)
  })
})

describe('docs/conformance.md', () => {
  const page = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8')

  test.each(suites.map(suite => [suite.service, suite.rows] as const))(
    'has the rows of %s as they are',
    (service, rows) => {
      const [, section = ''] = page.split(new RegExp(`^### ${service}: .*$`, 'm'))
      const [told = ''] = section.split('\n### ')
      const written = told.split('\n').flatMap(line => (line.startsWith('| ') ? [line.split(' | ').slice(0, 3)] : []))
      const cell = (text: string) => text.replaceAll(/[\\|_*`<]/g, '\\$&')
      expect(written.slice(1)).toEqual(
        rows.map(({ name, expected, why }) => [`| ${cell(name)}`, cell(expected), cell(why)]),
      )
    },
  )

  test('and the README have as many rows of each service as there are', () => {
    const counts = new Map(suites.map(({ service, rows }) => [service, rows.length]))
    for (const [service, count] of counts) {
      const [passed, , differs] =
        new RegExp(`^\\| ${service} \\|.* \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| \\d+ \\|$`, 'm').exec(page)?.slice(1) ??
        []
      expect(Number(passed) + Number(differs), service).toBe(count)
    }
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
    const asked = [...readme.matchAll(/^ *\| .* \| .* \| \d+ of (\d+)/gm)].reduce((sum, [, of]) => sum + Number(of), 0)
    expect(asked).toBe([...counts.values()].reduce((sum, count) => sum + count, 0))
  })
})
