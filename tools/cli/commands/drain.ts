/** `tributary drain`: wait until what was captured so far is everywhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { everyType, heldUntilMs, paused } from '../../../shared/replicate/flow-settings.ts'
import { refFromName } from '../../../shared/replicate/record-ref.ts'
import { missingAt, type RecordStanding, type SeenRecord } from '../../stores/record-standing.ts'
import { type Clouds, CommandFailed } from '../clouds.ts'
import { withClouds } from '../clouds-options.ts'
import { durationMs } from '../duration-option.ts'
import { columns, duration, printJson } from '../output.ts'
import { addRouteOptions, type Route, type RouteOptions, readSettings, routesOf, typesOn } from '../routes.ts'
import { recordAnswer } from './get.ts'
import { readStandings } from './status.ts'

/** How often it looks. In accounts changes take longer, and every look is paid for. */
const lookEveryMs = { local: 250, accounts: 2_000 } as const

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
    .action((type: string | undefined, options: DrainOptions) =>
      withClouds(options, clouds => drain(clouds, type, options)),
    )
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

async function drain(clouds: Clouds, type: string | undefined, options: DrainOptions): Promise<void> {
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
    await sleep(lookEveryMs[clouds.place])
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

async function refusePaused(clouds: Clouds, route: Route, type: string | undefined): Promise<void> {
  const settings = await readSettings(clouds, route)
  const nowMs = Date.now()
  const held = typesOn(clouds.plan, route).filter(name => (type ?? name) === name && heldUntilMs(settings, name, nowMs))
  if (held.length === 0) return
  throw new CommandFailed(
    `${held.join(', ')} from ${route.site} to ${route.peer}: paused, so nothing drains; first: npx tributary resume`,
  )
}

/** What the sites have captured now; the answer tells how much of that the peers lack. */
async function snapshot(clouds: Clouds, routes: readonly Route[], type: string | undefined) {
  const wanted = routes.flatMap(route =>
    typesOn(clouds.plan, route)
      .filter(name => name === (type ?? name))
      .map(name => ({ ...route, type: name })),
  )
  const before = await Promise.all(
    wanted.map(async each => ({ ...each, captured: await readStandings(clouds, each.site, each.type) })),
  )
  const left = new Map<object, readonly RecordStanding[]>(before.map(each => [each, each.captured]))
  return (): Promise<readonly Drained[]> =>
    Promise.all(
      before.map(async each => {
        const { site, peer, type: name } = each
        const wanted = left.get(each) ?? []
        const missing = missingAt(site, wanted, await standingsOf(clouds, peer, name, wanted))
        left.set(each, missing)
        return { site, peer, type: name, left: missing.length }
      }),
    )
}

/** As many are asked for one by one; of more all records are read, which is what the first look does. */
const singlyMax = 100

async function standingsOf(
  clouds: Clouds,
  site: string,
  type: string,
  wanted: readonly RecordStanding[],
): Promise<readonly SeenRecord[]> {
  if (wanted.length > singlyMax) return readStandings(clouds, site, type)
  return Promise.all(
    wanted.map(async ({ name }) => {
      const { key } = refFromName(name)
      const { vector } = recordAnswer.parse(await clouds.ask(site, { ask: 'record', type, key: [...key] }))
      return { name, vector }
    }),
  )
}
