/** What a command line prints decides whether something is free, or removed: taken wrongly, the wrong thing is done. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type CommandName, cloudCommand } from '../../tools/accounts/cloud-command.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-command-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

/** A command line of this name that writes `stdout` and `stderr` and ends with `code`; also its arguments into `args`. */
async function install(name: CommandName, { stdout = '', stderr = '', code = 0 }): Promise<void> {
  const path = join(folder, name)
  const program = [
    `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'args'))}, JSON.stringify(process.argv.slice(2)))`,
    `process.stdout.write(${JSON.stringify(stdout)})`,
    `process.stderr.write(${JSON.stringify(stderr)})`,
    `process.exitCode = ${code}`,
  ]
  await writeFile(path, `#!${process.execPath}\n${program.join('\n')}\n`)
  await chmod(path, 0o755)
  vi.stubEnv('PATH', [folder, process.env.PATH].join(delimiter))
}

const ask = (name: CommandName) => cloudCommand(name)(['show', 'it'], z.unknown())

describe('what a command line says on stderr', () => {
  it.each<readonly [CommandName, string]>([
    ['gcloud', 'ERROR: (gcloud.storage.buckets.describe) gs://shop-tributary-functions not found: 404.'],
    ['gcloud', 'ERROR: (gcloud.kms.keyrings.describe) NOT_FOUND: KeyRing projects/shop/... not found.'],
    [
      'aws',
      'An error occurred (ResourceNotFoundException) when calling the GetFunction operation: Function not found: arn',
    ],
    [
      'aws',
      'An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id x does not exist',
    ],
    ['az', "ERROR: (ResourceGroupNotFound) Resource group 'tributary-azure-eastus' could not be found."],
  ])('%s: "%s": is not there', async (name, stderr) => {
    await install(name, { stderr, code: 1 })
    expect(await ask(name)).toEqual({ is: 'missing' })
  })

  it.each<readonly [CommandName, string]>([
    ['aws', 'An error occurred (AccessDenied) when calling the GetFunction operation: User is not authorized'],
    [
      'gcloud',
      'ERROR: (gcloud.functions.list) PERMISSION_DENIED: Cloud Functions API has not been used in project shop',
    ],
    ['az', "ERROR: (AuthorizationFailed) The client does not have authorization over scope '/subscriptions/x/...'."],
    // Nothing is known of what lies in a subscription that is not seen.
    ['az', "ERROR: (SubscriptionNotFound) The subscription 'x' could not be found."],
    ['az', "ERROR: The subscription of 'x' doesn't exist in cloud 'AzureCloud'."],
    ['az', "ERROR: Please run 'az login' to setup account."],
    ['gcloud', 'ERROR: (gcloud.functions.list) You do not currently have an active account selected.'],
  ])('%s: "%s": is not known', async (name, stderr) => {
    await install(name, { stderr, code: 1 })
    expect(await ask(name)).toMatchObject({ is: 'unknown', reason: expect.stringContaining(stderr.slice(0, 60)) })
  })
})

it('an answer is the JSON that it prints, asked for by its name; another form is none', async () => {
  await install('az', { stdout: '{"id":"sub-1"}' })
  const inSubscription = cloudCommand('az', ['--subscription', 'sub-1'])
  expect(await inSubscription(['account', 'show'], z.object({ id: z.string() }))).toEqual({
    is: 'there',
    value: { id: 'sub-1' },
  })
  expect(JSON.parse(await readFile(join(folder, 'args'), 'utf8'))).toEqual([
    ...['account', 'show', '--subscription', 'sub-1', '--output=json'],
  ])
  expect(await inSubscription(['account', 'show'], z.object({ id: z.number() }))).toMatchObject({ is: 'unknown' })
  await install('az', { stdout: 'Sure.' })
  expect(await ask('az')).toMatchObject({ is: 'unknown', reason: expect.stringContaining('printed no JSON') })
})

it('one that is not installed is named', async () => {
  vi.stubEnv('PATH', '/nowhere')
  expect(await ask('gcloud')).toMatchObject({
    is: 'unknown',
    reason: expect.stringContaining("'gcloud' is not installed"),
  })
})
