/** `tributary pause`, `resume`, `limit`: what travels now, per route and data type, and how fast. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  everyType,
  type FlowSettings,
  heldUntilMs,
  paused,
  pauseMsMax,
  resumed,
  stillPaused,
} from '../../../shared/replicate/flow-settings.ts'
import { CommandFailed } from '../clouds.ts'
import { withClouds } from '../clouds-options.ts'
import { durationMs } from '../duration-option.ts'
import { columns, printJson } from '../output.ts'
import { addRouteOptions, type Route, type RouteOptions, readSettings, routesOf } from '../routes.ts'

export function addFlowCommands(program: Command): void {
  addRouteOptions(
    program
      .command('pause')
      .description('hold back what travels to other sites; it waits and nothing is lost')
      .argument('[type]', 'this data type only'),
  )
    .addOption(
      new Option('--for <duration>', 'when it goes on by itself: 10m, 24h, at most 6d')
        .argParser(pauseMs)
        .default(durationMs('24h'), '24h'),
    )
    .addHelpText(
      'after',
      '\nApplications read and write as ever. The pause takes effect within two seconds.\n\nExamples:\n  npx tributary pause carts --to azure-eastus --for 2h\n  npx tributary pause --from aws-us-east-1',
    )
    .action(async (type: string | undefined, options: RouteOptions & { readonly for: number }) => {
      const untilMs = Date.now() + options.for
      await change(type, options, settings => paused(settings, type ?? everyType, untilMs, Date.now()))
    })

  addRouteOptions(
    program
      .command('resume')
      .description('end pauses: what waited goes on its way')
      .argument('[type]', 'this data type only (default: whatever is paused)'),
  )
    .addHelpText(
      'after',
      '\nIn the clouds what waited comes again within minutes, here within seconds.\n\nExamples:\n  npx tributary resume carts --to azure-eastus\n  npx tributary resume',
    )
    .action(async (type: string | undefined, options: RouteOptions) => {
      await change(type, options, (settings, { site, peer }) => {
        if (type !== undefined && heldUntilMs(settings, everyType, Date.now()) !== undefined) {
          throw new CommandFailed(
            `everything from ${site} to ${peer} is paused, not '${type}' alone: npx tributary resume --from ${site} --to ${peer}`,
          )
        }
        return resumed(settings, type ?? everyType, Date.now())
      })
    })

  addRouteOptions(
    program
      .command('limit')
      .description('send at most so many changes a second, to protect a peer; off: as fast as it takes them')
      .argument('<rate>', 'changes a second, of each running instance of forward; or off', rateOf),
  )
    .addHelpText(
      'after',
      '\nWhat is over the rate waits and is not lost. The express lane of tier 1 does not go along a limited route.\n\nExamples:\n  npx tributary limit 50 --to azure-eastus\n  npx tributary limit off',
    )
    .action(async (changesPerSecond: number | undefined, options: RouteOptions) => {
      await change(undefined, options, ({ pausedUntilMs }) => ({ pausedUntilMs, changesPerSecond }))
    })
}

async function change(
  type: string | undefined,
  options: RouteOptions,
  to: (settings: FlowSettings, route: Route) => FlowSettings,
): Promise<void> {
  const changed = await withClouds(options, async clouds => {
    // All or none: a route that refuses must not leave others changed.
    const wanted = await Promise.all(
      routesOf(clouds, type, options).map(async route => ({
        route,
        settings: to(await readSettings(clouds, route), route),
      })),
    )
    for (const { route, settings } of wanted) {
      await clouds.ask(route.site, { ask: 'set-flow', peer: route.peer, settings })
    }
    return wanted
  })
  print(changed, options.json)
}

function print(rows: readonly { readonly route: Route; readonly settings: FlowSettings }[], json: boolean): void {
  if (json) {
    printJson(rows.map(({ route, settings }) => ({ ...route, ...settings })))
    return
  }
  console.log(
    columns(
      ['site', 'peer', 'paused', 'changes/s'],
      rows.map(({ route: { site, peer }, settings }) => [
        site,
        peer,
        pausesText(settings, Date.now()) || '-',
        String(settings.changesPerSecond ?? '-'),
      ]),
    ),
  )
}

/** `carts until 2026-11-20T16:00:00.000Z`; empty: nothing is paused. */
function pausesText(settings: FlowSettings, nowMs: number): string {
  return Object.entries(stillPaused(settings, nowMs))
    .map(([type, untilMs]) => `${type === everyType ? 'everything' : type} until ${new Date(untilMs).toISOString()}`)
    .join(', ')
}

function pauseMs(text: string): number {
  const ms = durationMs(text)
  if (ms > pauseMsMax) {
    throw new InvalidArgumentError(`at most ${pauseMsMax / 86_400_000}d: what waits longer is lost to the bus`)
  }
  return ms
}

function rateOf(text: string): number | undefined {
  if (text === 'off') return undefined
  const rate = Number(text)
  if (!(rate > 0)) throw new InvalidArgumentError('a number of changes a second above 0, or off')
  return rate
}
