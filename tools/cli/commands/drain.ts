/** `tributary drain`: wait until what was captured so far is everywhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { everyType, heldUntilMs, paused } from '../../../shared/replicate/flow-settings.ts'
import { standingAt } from '../../local/record-standing.ts'
import { durationMs } from '../duration-option.ts'
import { columns, duration, printJson } from '../output.ts'
import { addRouteOptions, type Route, type RouteOptions, readSettings, routesOf, typesOn } from '../routes.ts'
import { CommandFailed, type RunningClouds, runningClouds } from '../running-clouds.ts'
import { readStandings } from './status.ts'

/** How often it looks. */
const lookEveryMs = 250

export function addDrainCommand(program: Command): void {
  addRouteOptions(
    program
      .command('drain')
      .description('wait until everything captured so far has arrived at the other sites')
      .argument('[type]', 'this data type only'),
  )
    .addOption(
      new Option('--timeout <duration>', 'give up after: 30s, 5m')
        .argParser(durationMs)
        .default(durationMs('5m'), '5m'),
    )
    .option('--then-pause', 'hold back everything that comes after', false)
    .addHelpText(
      'after',
      '\nFor maintenance of a site: stop its applications, drain it, take it away. The exit code is 1 if something is still on its way when the time is over.\n\nExamples:\n  npx tributary drain --from aws-us-east-1\n  npx tributary drain carts --to azure-eastus --then-pause --timeout 30s --json',
    )
    .action(async (type: string | undefined, options: DrainOptions) => drain(type, options))
}

interface DrainOptions extends RouteOptions {
  readonly timeout: number
  readonly thenPause: boolean
}

interface Drained extends Route {
  readonly type: string
  /** Records whose writes have not all arrived. */
  readonly left: number
}

async function drain(type: string | undefined, options: DrainOptions): Promise<void> {
  const clouds = await runningClouds()
  const routes = routesOf(clouds, type, options)
  for (const route of routes) await refusePaused(clouds, route, type)
  const startedMs = performance.now()
  const look = await snapshot(clouds, routes, type)
  let drained = await look()
  let shown = 0
  while (drained.some(({ left }) => left > 0) && performance.now() - startedMs < options.timeout) {
    const left = drained.reduce((sum, each) => sum + each.left, 0)
    if (left !== shown) console.error(`${left} records on their way`)
    shown = left
    await sleep(lookEveryMs)
    drained = await look()
  }
  if (options.thenPause) {
    const untilMs = Date.now() + durationMs('24h')
    for (const route of routes) {
      const settings = paused(await readSettings(clouds, route), type ?? everyType, untilMs, Date.now())
      await clouds.ask(route.site, { ask: 'set-flow', peer: route.peer, settings })
    }
  }
  const isDone = drained.every(({ left }) => left === 0)
  if (!isDone) process.exitCode = 1
  if (options.json) return printJson(drained)
  const rows = drained.map(({ site, peer, type: name, left }) => [site, peer, name, String(left)])
  console.log(columns(['site', 'peer', 'type', 'left'], rows))
  console.log(
    isDone
      ? `drained in ${duration(performance.now() - startedMs)}`
      : 'not drained; what holds it up: npx tributary status',
  )
}

async function refusePaused(clouds: RunningClouds, route: Route, type: string | undefined): Promise<void> {
  const settings = await readSettings(clouds, route)
  const nowMs = Date.now()
  const held = typesOn(clouds.plan, route).filter(name => (type ?? name) === name && heldUntilMs(settings, name, nowMs))
  if (held.length === 0) return
  throw new CommandFailed(
    `${held.join(', ')} from ${route.site} to ${route.peer}: paused, so nothing drains; first: npx tributary resume`,
  )
}

/** What the sites have captured now; the answer tells how much of that the peers lack. */
async function snapshot(clouds: RunningClouds, routes: readonly Route[], type: string | undefined) {
  const wanted = routes.flatMap(route =>
    typesOn(clouds.plan, route)
      .filter(name => name === (type ?? name))
      .map(name => ({ ...route, type: name })),
  )
  const before = await Promise.all(
    wanted.map(async each => ({ ...each, captured: await readStandings(clouds, each.site, each.type) })),
  )
  return (): Promise<readonly Drained[]> =>
    Promise.all(
      before.map(async ({ captured, site, peer, type: name }) => {
        const { backlog } = standingAt(site, captured, await readStandings(clouds, peer, name), Date.now())
        return { site, peer, type: name, left: backlog }
      }),
    )
}
