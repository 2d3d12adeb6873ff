/** `tributary uninstall`: takes out of a site's stores what its removed infrastructure left there. Says first what that is. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { SitePlan } from '../../../shared/declare/sync-plan.ts'
import { openAccount, type SiteAccount } from '../../accounts/site-account.ts'
import { accountWords } from '../../uninstall/account-words.ts'
import { type CaptureState, captureRuns } from '../../uninstall/capture-runs.ts'
import { type LeftOver, NotRemoved } from '../../uninstall/left-over.ts'
import { leftOversOf } from '../../uninstall/left-overs-of.ts'
import { CommandFailed } from '../clouds.ts'
import { columns, printJson } from '../output.ts'
import { RenewedLine } from '../renewed-line.ts'
import type { RunningClouds } from '../running-clouds.ts'
import { addSiteOptions, chosenSites, type SiteOptions } from '../site-options.ts'

interface UninstallOptions extends SiteOptions {
  readonly site: string
  readonly withAudit: boolean
  readonly yes: boolean
  readonly force: boolean
}

const explanation = `
The last step of removing a site, after its infrastructure: first take the site out of the declaration and deploy the
others, then cdk destroy or terraform destroy, then this. Documents stay as they are. Without --yes it only says what it
would do. If it breaks off, run it again: it goes on with what is left. See docs/uninstall.md.

Examples:
  npx tributary uninstall --site azure-eastus --var cosmos_account=shop --var subscription_id=ID
  npx tributary uninstall --site azure-eastus --var cosmos_account=shop --var subscription_id=ID --yes
  npx tributary uninstall --site gcp-us-central1 --var project=shop-prod --with-audit --yes
  npx tributary local destroy azure-eastus && npx tributary uninstall --local --site azure-eastus --yes`

export function addUninstallCommand(program: Command): void {
  const command = program
    .command('uninstall')
    .description('take out of a removed site’s stores what Tributary put there; documents stay as they are')
    .requiredOption('--site <site>', 'the site; with a declaration that still has it')
  addSiteOptions(command)
    .option('--with-audit', 'the audit, too: every resolution with the value that lost', false)
    .option('--yes', 'do it', false)
    .option('--force', 'also where nobody tells whether capture runs', false)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', explanation)
    .action(async (options: UninstallOptions) => {
      const { plan, sites, clouds, local, variablesOf } = await chosenSites(options)
      const [site] = sites
      if (!site) throw new CommandFailed(`no site '${options.site}'`)
      const variables = local ? {} : await variablesOf(site.id)
      // What is removed is named for the site: a variable of the shell may be there for another project.
      const environment = { ...process.env, GOOGLE_CLOUD_PROJECT: undefined }
      const account = await openAccount({ site, local: local?.[site.id], variables, environment })
      try {
        await uninstall(site, account, await leftOversOf(account, plan, site, options), clouds, options)
      } catch (error) {
        if (error instanceof NotRemoved) throw new CommandFailed(`${site.id}: ${error.message}`)
        throw error
      } finally {
        await account.access?.close()
      }
    })
}

interface Found {
  readonly leftOver: LeftOver
  /** In words. */
  readonly what: string
}

async function uninstall(
  site: SitePlan,
  account: SiteAccount,
  leftOvers: readonly LeftOver[],
  clouds: RunningClouds | undefined,
  { yes, force, json, withAudit }: UninstallOptions,
): Promise<void> {
  const runs = clouds ? await localCaptureRuns(clouds, site.id) : await captureRuns(account, site)
  const at = await accountWords(account, site)
  const before = await foundIn(leftOvers)
  const report = { site: site.id, at, captureRuns: wordOf(runs), found: before.map(shown) }
  if (!json) console.log(sayWhatGoes({ site: site.id, at, found: before, runs, withAudit }))
  if (!yes) {
    if (json) printJson({ ...report, removed: false })
    else if (before.length > 0) console.log('\nNothing was removed. Run it again with --yes to do this.')
    return
  }
  refuseWhileCaptureRuns(site.id, runs, { force, isLocal: clouds !== undefined })
  const line = new RenewedLine(process.stderr, { isAtOnce: false })
  for (const { leftOver } of before) {
    await leftOver.remove(removed => line.show(() => `${leftOver.place}: ${removed.toLocaleString('en')} removed`))
  }
  line.clear()
  const after = await foundIn(before.map(({ leftOver }) => leftOver))
  if (json) {
    printJson({ ...report, removed: after.length === 0 })
  } else if (after.length === 0 && before.length > 0) console.log('\nremoved')
  if (after.length > 0) {
    const left = after.map(({ leftOver, what }) => `${leftOver.place}: ${what}`).join('; ')
    throw new CommandFailed(`${site.id}: still there: ${left}. Does capture run? Run this again`)
  }
}

async function foundIn(leftOvers: readonly LeftOver[]): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const leftOver of leftOvers) {
    const what = await leftOver.find()
    if (what !== undefined) found.push({ leftOver, what })
  }
  return found
}

const localStatus = z.object({ functionsEnded: z.boolean() })

async function localCaptureRuns(clouds: RunningClouds, site: string): Promise<CaptureState> {
  const { functionsEnded } = localStatus.parse(await clouds.ask(site, { ask: 'status' }))
  return functionsEnded ? { is: 'gone' } : { is: 'running', found: 'the site’s functions' }
}

interface RefusalOptions {
  readonly force: boolean
  readonly isLocal: boolean
}

function refuseWhileCaptureRuns(site: string, runs: CaptureState, { force, isLocal }: RefusalOptions): void {
  const remedy = isLocal
    ? `npx tributary local destroy ${site}`
    : 'first remove the infrastructure (cdk destroy, terraform destroy; docs/uninstall.md)'
  if (runs.is === 'running') {
    throw new CommandFailed(`capture of ${site} runs (${runs.found}) and would make sync records anew; ${remedy}`)
  }
  if (runs.is === 'unknown' && !force) {
    throw new CommandFailed(
      `nobody tells whether capture of ${site} runs (${runs.reason}); ${remedy}. If it is gone: --force`,
    )
  }
}

function wordOf({ is }: CaptureState): boolean | 'unknown' {
  return is === 'unknown' ? is : is === 'running'
}

function shown({ leftOver, what }: Found): { readonly place: string; readonly what: string } {
  return { place: leftOver.place, what }
}

interface Said {
  readonly site: string
  /** Which account, in words. */
  readonly at: string
  readonly found: readonly Found[]
  readonly runs: CaptureState
  readonly withAudit: boolean
}

function sayWhatGoes({ site, at, found, runs, withAudit }: Said): string {
  if (found.length === 0) {
    return `${site} (${at}): nothing of Tributary is in its stores${withAudit ? '' : ' but the audit'}`
  }
  const capture = { running: 'RUNS', gone: 'does not run', unknown: 'may run' }[runs.is]
  const how = runs.is === 'running' ? `: ${runs.found}` : runs.is === 'unknown' ? `: ${runs.reason}` : ''
  return [
    `At ${site} (${at}) this goes:\n`,
    columns(
      ['place', 'what'],
      found.map(({ leftOver, what }) => [leftOver.place, what]),
    ),
    `\nYour documents stay as they are.${withAudit ? '' : ' The audit stays; --with-audit takes it, too.'}`,
    `Capture ${capture}${how}.`,
  ].join('\n')
}
