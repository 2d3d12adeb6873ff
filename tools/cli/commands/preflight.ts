/** `tributary preflight`: is every account ready for the plan? Asks only, changes nothing. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import type { SyncPlan } from '../../../shared/declare/sync-plan.ts'
import { localFolder } from '../../local/local-folder.ts'
import { readEndpoints } from '../../local/official-clients/open-clients.ts'
import { type DeploymentVariables, deploymentVariables } from '../../preflight/deployment-variables.ts'
import { type Finding, type Outcome, outcomes } from '../../preflight/finding.ts'
import { preflight } from '../../preflight/preflight.ts'
import { columns, printJson } from '../output.ts'
import { CommandFailed, runningClouds } from '../running-clouds.ts'

interface PreflightOptions {
  readonly config: string
  readonly site?: string
  readonly local: boolean
  readonly out: string
  readonly var: DeploymentVariables
  readonly all: boolean
  readonly json: boolean
}

const explanation = `
Asks with your own credentials: the clients' default ones, and the command lines aws, gcloud and az for what only they
tell. Nothing is created or changed. Each line is

  ok       shown with --all
  warning  works, but read what it says
  refused  the deployment, or Tributary after it, would fail; says what to do
  unknown  could not be asked: a permission is missing, or what would answer is not here

Exits with 1 if anything is refused. See docs/preflight.md.

Examples:
  npx tributary preflight
  npx tributary preflight --site azure-eastus --var cosmos_account=shop --var cosmos_resource_group=data
  npx tributary preflight --site gcp-us-central1 --var project=shop-prod --json
  npx tributary preflight --local --all`

export function addPreflightCommand(program: Command): void {
  program
    .command('preflight')
    .description('whether the accounts are ready for what the declaration makes in them')
    .option('--site <site>', 'of this site only')
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .option('--local', 'ask the local clouds instead of accounts', false)
    .option('--out <folder>', 'where synth left its Terraform JSON, and terraform.tfvars beside it', 'infra.out')
    .option(
      '--var <name=value>',
      'a variable of the deployment, as in terraform.tfvars; repeat for several',
      gather,
      {},
    )
    .option('--all', 'print what is in order, too', false)
    .option('--json', 'print every finding as JSON', false)
    .addHelpText('after', explanation)
    .action(async (options: PreflightOptions) => {
      const findings: Finding[] = []
      for await (const finding of findingsOf(options)) {
        findings.push(finding)
        if (!options.json)
          process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${finding.site}: ${finding.place}` : '')
      }
      if (process.stderr.isTTY && !options.json) process.stderr.write('\r\u001b[K')
      if (options.json) printJson(findings)
      else console.log(report(findings, options.all))
      if (findings.some(({ outcome }) => outcome === 'refused')) process.exitCode = 1
    })
}

async function* findingsOf({ config, site, local, out, var: given }: PreflightOptions): AsyncGenerator<Finding> {
  const { default: plan }: { default: SyncPlan } = local
    ? { default: (await runningClouds()).plan }
    : await import(pathToFileURL(resolve(config)).href)
  const sites = plan.sites.filter(({ id }) => id === (site ?? id))
  if (sites.length === 0) {
    throw new CommandFailed(`no site '${site}'; the plan has ${plan.sites.map(({ id }) => id).join(', ')}`)
  }
  yield* preflight({
    plan,
    sites,
    local: local ? await readEndpoints(localFolder().endpointsFile) : undefined,
    variablesOf: id => deploymentVariables(join(out, id), given),
    environment: process.env,
  })
}

function gather(text: string, before: DeploymentVariables): DeploymentVariables {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw new InvalidArgumentError('such as project=shop-prod')
  return { ...before, [name]: value }
}

function report(findings: readonly Finding[], isAll: boolean): string {
  const shown = findings.filter(({ outcome }) => isAll || outcome !== 'ok')
  const rank = (outcome: Outcome) => ['refused', 'warning', 'unknown', 'ok'].indexOf(outcome)
  const rows = shown
    .toSorted((one, other) => rank(one.outcome) - rank(other.outcome))
    .map(({ outcome, site, place, check, found }) => [outcome, site, place, check, found])
  const remedies = shown.flatMap(({ site, place, check, remedy }) =>
    remedy === undefined ? [] : [`${site}, ${place}, ${check}:\n  ${remedy}`],
  )
  const counts = outcomes.map(outcome => `${outcome} ${findings.filter(finding => finding.outcome === outcome).length}`)
  return [
    ...(rows.length > 0 ? [columns(['', 'site', 'place', 'check', 'found'], rows)] : []),
    ...(remedies.length > 0 ? ['What to do', ...remedies] : []),
    counts.join(', '),
  ].join('\n\n')
}
