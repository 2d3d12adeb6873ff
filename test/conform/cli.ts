/** `npm run conform`: do servers, emulators and clouds behave as Tributary needs them to? */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { realServer } from './real-servers.ts'
import { isFailed } from './report.ts'
import { reportText } from './report-text.ts'
import { runConformance } from './run-conformance.ts'
import { suites } from './suites.ts'

interface ConformOptions {
  readonly target: 'local' | 'real'
  readonly only?: readonly string[]
  readonly yes: boolean
  readonly json: boolean
  readonly out?: string
}

const services = suites.map(({ service }) => service)

const options = new Command('conform')
  .description(
    'Asks each service, through its official client, for the behaviours that Tributary stands on.\n' +
      'local: the servers of the local clouds, or those that their variables name (docs/local-clouds.md).\n' +
      'real: the accounts of AWS_*, GOOGLE_APPLICATION_CREDENTIALS with GOOGLE_CLOUD_PROJECT, COSMOS_ENDPOINT with\n' +
      'COSMOS_KEY (or COSMOS_CONNECTION_STRING), AZURE_STORAGE_CONNECTION_STRING; what is missing is not run.\n' +
      'Exits with 1 if a behaviour failed or something could not be removed again.',
  )
  .addOption(new Option('--target <which>', 'what is asked').choices(['local', 'real']).default('local'))
  .option('--only <services>', `some of ${services.join(',')}`, chosen)
  .option('--yes', 'create resources in real accounts, which costs money', false)
  .option('--json', 'print the result as JSON', false)
  .option('--out <file>', 'write what is printed into this file, too')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run conform -- --only firestore,pubsub --out table.md\n  npm run conform -- --target real --yes',
  )
  .parse()
  .opts<ConformOptions>()

function chosen(text: string): readonly string[] {
  const names = text.split(',')
  const unknown = names.find(name => !services.includes(name))
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is none of ${services.join(', ')}`)
  return names
}

const interrupted = new AbortController()
const prefix = `tributary-conform-${randomBytes(5).toString('hex')}`
const say = (text: string) => void process.stderr.write(`${text}\n`)

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    say(`${name}: the rows that run now end first, then everything named ${prefix}* is removed`)
    interrupted.abort()
  })
}

const asked = suites.filter(({ service }) => options.only?.includes(service) ?? true)
if (options.target === 'real') sayWhatIsCreated()
if (options.target === 'real' && !options.yes) {
  say('\nNothing was created. Run it again with --yes to do this.')
  process.exitCode = 2
} else {
  await conform()
}

function sayWhatIsCreated(): void {
  say(`Every resource is named ${prefix}* and removed at the end, on failure and on Ctrl-C:`)
  for (const { service, creates } of asked) {
    const server = realServer(service, process.env)
    const where =
      typeof server === 'string' ? `not run: ${server}` : `${server.description.name} ${server.description.version}`
    say(`- ${service} (${where.trim()})${typeof server === 'string' ? '' : `: ${creates}`}`)
  }
}

async function conform(): Promise<void> {
  const report = await runConformance({
    target: options.target,
    suites: asked,
    environment: process.env,
    prefix,
    signal: interrupted.signal,
    onProgress: say,
  })
  const text = options.json ? JSON.stringify(report, null, 2) : reportText(report)
  console.log(text)
  if (options.out !== undefined) await writeFile(options.out, `${text}\n`)
  if (isFailed(report)) process.exitCode = 1
  else if (report.interrupted) process.exitCode = 130
}
