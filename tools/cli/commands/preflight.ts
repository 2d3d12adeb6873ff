/** `tributary preflight`: is every account ready for the plan? Asks only, changes nothing. */
import type { Command } from 'commander'
import { type Finding, type Outcome, outcomes } from '../../preflight/finding.ts'
import { preflight } from '../../preflight/preflight.ts'
import { columns, printJson } from '../output.ts'
import { RenewedLine } from '../renewed-line.ts'
import { addSiteOptions, chosenSites, type SiteOptions } from '../site-options.ts'

interface PreflightOptions extends SiteOptions {
  readonly all: boolean
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
  const command = program
    .command('preflight')
    .description('whether the accounts are ready for what the declaration makes in them')
    .option('--site <site>', 'of this site only')
  addSiteOptions(command)
    .option('--all', 'print what is in order, too', false)
    .option('--json', 'print every finding as JSON', false)
    .addHelpText('after', explanation)
    .action(async (options: PreflightOptions) => {
      const line = new RenewedLine(process.stderr, { isAtOnce: false })
      const findings: Finding[] = []
      const { plan, sites, local, variablesOf } = await chosenSites(options)
      for await (const finding of preflight({ plan, sites, local, variablesOf, environment: process.env })) {
        findings.push(finding)
        line.show(() => `${finding.site}: ${finding.place}`)
      }
      line.clear()
      if (options.json) printJson(findings)
      else console.log(report(findings, options.all))
      if (findings.some(({ outcome }) => outcome === 'refused')) process.exitCode = 1
    })
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
