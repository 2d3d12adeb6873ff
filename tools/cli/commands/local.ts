/** `tributary local up|down|redeploy|cut|heal|clock|destroy`: the clouds of the declaration on this machine. */
import { type Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import type { SyncPlan } from '../../../shared/declare/sync-plan.ts'
import { localFolder } from '../../local/local-folder.ts'
import { redeploySite } from '../../local/redeploy-site.ts'
import { startLocalClouds, stopLocalClouds } from '../../local/start-local-clouds.ts'
import type { Timing } from '../../local/timing.ts'
import { requireSite } from '../clouds.ts'
import { listenForInterruption } from '../interruption.ts'
import { printJson } from '../output.ts'
import { connectClouds, type RunningClouds, runningClouds } from '../running-clouds.ts'
import { timingOption } from '../timing-option.ts'

export function addLocalCommands(program: Command): void {
  const local = program.command('local').description('the clouds of the declaration on this machine')

  local
    .command('up')
    .description('start every site and leave them running')
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .addOption(timingOption())
    .option('--json', 'print the endpoints and the timing as JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  npx tributary local up\n  npx tributary local up --timing cloud\n  npx tributary local up --config my.config.ts --json',
    )
    .action(async ({ config, timing, json }: { config: string; timing: Timing; json: boolean }) => {
      const folder = localFolder()
      const { plan, state } = await startLocalClouds({
        folder,
        config,
        detached: true,
        timing,
        onProgress: text => process.stderr.write(`${text}\n`),
        signal: listenForInterruption().signal,
      })
      if (json) {
        const { endpointsFile: endpoints, variablesFile: variables } = folder
        return printJson({ timing: state.timing, sites: state.sites, endpoints, variables })
      }
      console.log(`up: ${plan.sites.map(({ id }) => id).join(', ')}`)
      console.log(`timing: ${state.timing}`)
      console.log(`endpoints: ${folder.endpointsFile}`)
      console.log(`variables for official clients: ${folder.variablesFile}`)
    })

  local
    .command('down')
    .description('end every site')
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      '\nWhat was stored is gone, but for what lies on servers of your own (docs/local-clouds.md).\n\nExample:\n  npx tributary local down',
    )
    .action(async ({ json }: { json: boolean }) => {
      const wasUp = await stopLocalClouds(localFolder())
      if (json) printJson({ wasUp })
      else console.log(wasUp ? 'down' : 'nothing was up')
    })

  addRedeployCommand(local)
  addClockCommand(local)
  addDestroyCommand(local)
  for (const [name, description] of [
    ['cut', 'a cut site reaches nobody and is reached by nobody'],
    ['heal', 'end a cut'],
  ] as const) {
    local
      .command(name)
      .description(description)
      .argument('<site>', 'the site')
      .option('--json', 'print the sites that are cut now as JSON', false)
      .addHelpText('after', `\nExample:\n  npx tributary local ${name} azure-eastus`)
      .action(async (site: string, { json }: { json: boolean }) => {
        const cut = await changeCut(site, name === 'cut')
        if (json) printJson({ cut })
        else console.log(cut.length === 0 ? 'no site is cut' : `cut: ${cut.join(', ')}`)
      })
  }
}

function addRedeployCommand(local: Command): void {
  local
    .command('redeploy')
    .description('deploy a changed declaration, or changed code, to one site; its stores and what waits in them stay')
    .argument('<site>', 'the site')
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .option('--json', 'print the plan and the endpoints as JSON', false)
    .addHelpText(
      'after',
      `
To try an upgrade before it is done in the clouds: one site after the other, while applications write. Changes between sites
with different declarations wait until both run the same (npx tributary status says which sites differ). The functions are
replaced one by one, in any order, as the clouds do. Sites cannot be added or removed like this.

Examples:
  npx tributary local redeploy aws-us-east-1
  npx tributary local redeploy azure-eastus --config next.config.ts --json`,
    )
    .action(async (site: string, { config, json }: { config: string; json: boolean }) => {
      const clouds = await runningClouds()
      requireSite(clouds, site)
      const folder = localFolder()
      const { plan, state } = await redeploySite({
        folder,
        state: clouds.state,
        site,
        config,
        onProgress: text => process.stderr.write(`${text}\n`),
      })
      if (json) return printJson({ site, plan: plan.hash, endpoints: folder.endpointsFile })
      console.log(`${site}: runs ${config}`)
      const others = await sitesWithout(plan, connectClouds(plan, state))
      if (others.length > 0) console.log(`changes to and from ${others.join(', ')} wait until they run it, too`)
    })
}

const identified = z.object({ plan: z.string() })

/** The sites that run another declaration. */
async function sitesWithout({ hash, sites }: SyncPlan, clouds: RunningClouds): Promise<readonly string[]> {
  const plans = sites.map(async ({ id }) => {
    const { plan } = identified.parse(await clouds.ask(id, { ask: 'identify' }))
    return plan === hash ? [] : [id]
  })
  return (await Promise.all(plans)).flat()
}

function addDestroyCommand(local: Command): void {
  local
    .command('destroy')
    .description("end a site's functions and triggers for good; its stores stay, as when its stack is destroyed")
    .argument('<site>', 'the site')
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      '\nWhat stays in its stores: npx tributary uninstall --local --site SITE\n\nExample:\n  npx tributary local destroy azure-eastus',
    )
    .action(async (site: string, { json }: { json: boolean }) => {
      const clouds = await runningClouds()
      requireSite(clouds, site)
      await clouds.ask(site, { ask: 'end-functions' })
      if (json) printJson({ site })
      else console.log(`${site}: its functions have ended; its stores are as they were`)
    })
}

function addClockCommand(local: Command): void {
  local
    .command('clock')
    .description("set the clock of a site's functions wrong, to see what comes of it; its stores keep their own")
    .argument('<site>', 'the site')
    .argument('<off>', '+11s, 600ms, -2s (after --), or right', clockOffMs)
    .option('--json', 'print the result as JSON', false)
    .addHelpText(
      'after',
      '\nOver 500 ms ahead warns, over 10 s its changes wait in quarantine: npx tributary status\n\nExamples:\n  npx tributary local clock aws-us-east-1 +11s\n  npx tributary local clock aws-us-east-1 right\n  npx tributary local clock aws-us-east-1 -- -2s',
    )
    .action(async (site: string, aheadMs: number, { json }: { json: boolean }) => {
      const clouds = await runningClouds()
      requireSite(clouds, site)
      await clouds.ask(site, { ask: 'clock', aheadMs })
      if (json) printJson({ site, aheadMs })
      else console.log(aheadMs === 0 ? `${site}: its clock is right` : `${site}: its clock is ${aheadMs} ms off`)
    })
}

/** In ms; below 0: behind. */
function clockOffMs(text: string): number {
  if (text === 'right') return 0
  const [, sign, count, unit] = /^([+-]?)(\d+)(ms|s|m|h)$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('such as +11s, 600ms, -2s, or right')
  const ms = Number(count) * ({ ms: 1, s: 1000, m: 60_000 }[unit ?? ''] ?? 3_600_000)
  return sign === '-' ? -ms : ms
}

async function changeCut(site: string, isCut: boolean): Promise<readonly string[]> {
  const clouds = await runningClouds()
  requireSite(clouds, site)
  const before = clouds.state.cut
  const cut = isCut ? [...new Set([...before, site])] : before.filter(other => other !== site)
  await clouds.cut(cut)
  return cut
}
