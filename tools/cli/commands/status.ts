/** `tributary status`: per site, peer and data type how much is under way, how old, what waits for a clock, the last error. */
import type { Command } from 'commander'
import { z } from 'zod'
import { skewMaxMs, skewWarnMs } from '../../../shared/causality/clock-skew.ts'
import { counterOf } from '../../../shared/causality/version-vector.ts'
import { peersOf, typesAt } from '../../../shared/declare/sync-plan.ts'
import { isQuarantine } from '../../../shared/replicate/audit-entry.ts'
import { heldUntilMs, openFlow } from '../../../shared/replicate/flow-settings.ts'
import { pruneAfterMs } from '../../../shared/replicate/message-age.ts'
import type { QuarantineEntry } from '../../../shared/replicate/quarantine-entry.ts'
import { recordName } from '../../../shared/replicate/record-ref.ts'
import type { Timing } from '../../local/timing.ts'
import { standingAt } from '../../stores/record-standing.ts'
import type { Clouds } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, duration, printJson } from '../output.ts'
import { readAudit } from '../read-audit.ts'
import { aheadMsMax } from '../require-clock.ts'
import { readSettings } from '../routes.ts'

const standings = z.array(
  z.object({
    name: z.string(),
    vector: z.record(z.string(), z.number()),
    hlc: z.number(),
    deleted: z.boolean(),
  }),
)

export interface RouteStatus {
  readonly site: string
  readonly peer: string
  readonly type: string
  /** Records with writes that the peer has not seen. */
  readonly backlog: number
  /** Age of the oldest of them. */
  readonly lagMs: number
  readonly lastError: string | undefined
  /** Writes among them that the peer keeps in quarantine: the clock that stamped them is too far ahead. */
  readonly quarantined: number
  /** Held back by an operator until then, ms since 1970. */
  readonly pausedUntilMs: number | undefined
  /** The operator's limit on the route. */
  readonly changesPerSecond: number | undefined
}

export interface Status {
  /** Of the local clouds. */
  readonly timing: Timing | undefined
  readonly routes: readonly RouteStatus[]
  readonly cut: readonly string[]
  /** By how many ms each site's clock is ahead of this machine's; below 0: behind. */
  readonly clocks: Readonly<Record<string, number | undefined>>
  readonly deadLetters: Readonly<Record<string, number>>
  /** The hash of the declaration that each site runs: sites with different ones hold each other's changes. */
  readonly place: Clouds['place']
  readonly plans: Readonly<Record<string, string | undefined>>
  readonly errors: readonly { readonly site: string; readonly function: string; readonly error: string }[]
}

export async function readStandings(clouds: Clouds, site: string, type: string) {
  return standings.parse(await clouds.ask(site, { ask: 'records', type }))
}

export async function readStatus(clouds: Clouds): Promise<Status> {
  const { plan, state } = clouds
  const sites = await Promise.all(
    plan.sites.map(async ({ id }) => {
      const status = await clouds.statusOf(id)
      const types = typesAt(plan, id).map(async ({ name }) => {
        return [name, await readStandings(clouds, id, name)] as const
      })
      const flows = peersOf(plan, id).map(
        async ({ id: peer }) => [peer, await readSettings(clouds, { site: id, peer })] as const,
      )
      const [records, settings] = await Promise.all([Promise.all(types), Promise.all(flows)])
      return [id, { ...status, records: new Map(records), flows: new Map(settings) }] as const
    }),
  )
  const bySite = new Map(sites)
  const quarantined = await readQuarantine(clouds, bySite)
  const routes = sites.flatMap(([site, here]) =>
    peersOf(plan, site).flatMap(({ id: peer }) =>
      [...here.records].flatMap(([type, records]): readonly RouteStatus[] => {
        const there = bySite.get(peer)?.records.get(type)
        if (!there) return []
        const lastError = here.triggers.find(trigger => trigger.function === `forward-${peer}`)?.lastError
        const flow = here.flows.get(peer) ?? openFlow
        return [
          {
            site,
            peer,
            type,
            ...standingAt(site, records, there, here.nowMs),
            lastError,
            quarantined: quarantined.filter(entry => isOnRoute(entry, site, peer, type)).length,
            pausedUntilMs: heldUntilMs(flow, type, here.nowMs),
            changesPerSecond: flow.changesPerSecond,
          },
        ]
      }),
    ),
  )
  return {
    place: clouds.place,
    timing: state?.timing,
    routes,
    cut: state?.cut ?? [],
    clocks: Object.fromEntries(sites.map(([site, { aheadMs }]) => [site, aheadMs])),
    deadLetters: Object.fromEntries(sites.map(([site, { deadLetters }]) => [site, deadLetters])),
    plans: Object.fromEntries(sites.map(([site, { plan: hash }]) => [site, hash])),
    errors: sites.flatMap(([site, { triggers }]) =>
      triggers.flatMap(({ function: name, lastError }) =>
        lastError === undefined ? [] : [{ site, function: name, error: lastError }],
      ),
    ),
  }
}

type Records = ReadonlyMap<string, Awaited<ReturnType<typeof readStandings>>>

/** What is kept in quarantine still. Asked only where something is under way, as most of the time nothing is. */
async function readQuarantine(clouds: Clouds, sites: ReadonlyMap<string, { readonly records: Records }>) {
  const counterAt = (site: string, type: string, name: string, origin: string) =>
    counterOf(
      sites
        .get(site)
        ?.records.get(type)
        ?.find(record => record.name === name)?.vector ?? {},
      origin,
    )
  const isBehind = [...sites].some(([site, { records }]) =>
    [...records].some(([type, own]) =>
      peersOf(clouds.plan, site).some(
        ({ id }) => standingAt(site, own, sites.get(id)?.records.get(type) ?? own, 0).backlog > 0,
      ),
    ),
  )
  if (!isBehind) return []
  const entries = await readAudit(clouds, { rule: 'quarantine', fromMs: Date.now() - pruneAfterMs })
  return entries.filter(
    (entry): entry is QuarantineEntry =>
      isQuarantine(entry) && counterAt(entry.site, entry.type, recordName(entry), entry.origin) < entry.counter,
  )
}

function isOnRoute(entry: QuarantineEntry, site: string, peer: string, type: string): boolean {
  return entry.origin === site && entry.site === peer && entry.type === type
}

export function addStatusCommand(program: Command): void {
  const command = program
    .command('status')
    .description('per site, peer and data type: writes under way, their age, the last error')
  addCloudsOptions(command)
    .option('--json', 'print the status as JSON', false)
    .addHelpText(
      'after',
      '\nIt reads every sync record of every site. In accounts that hold millions the dashboard and the alarms tell sooner.\n\nExamples:\n  npx tributary status\n  npx tributary status --json\n  npx tributary status --accounts --var project=shop-prod --var prefix=shop',
    )
    .action(async (options: CloudsOptions & { readonly json: boolean }) => {
      const status = await withClouds(options, readStatus)
      if (options.json) return printJson(status)
      console.log(
        columns(
          ['site', 'peer', 'type', 'backlog', 'lag', 'quarantined', 'flow', 'last error'],
          status.routes.map(({ site, peer, type, backlog, lagMs, lastError, quarantined, ...flow }) => [
            site,
            peer,
            type,
            String(backlog),
            backlog === 0 ? '-' : duration(lagMs),
            quarantined === 0 ? '-' : String(quarantined),
            flowText(flow),
            backlog === 0 ? '' : (lastError ?? ''),
          ]),
        ),
      )
      if (status.timing) console.log(`timing: ${status.timing}`)
      if (status.cut.length > 0) console.log(`cut off: ${status.cut.join(', ')}`)
      for (const line of status.place === 'local' ? clockWarnings(status.clocks) : ownClockWarnings(status.clocks))
        console.log(line)
      for (const line of planWarnings(status.plans)) console.log(line)
      const letters = Object.entries(status.deadLetters).filter(([, count]) => count > 0)
      for (const [site, count] of letters) console.log(`${site}: ${count} dead letters (npx tributary dead-letters)`)
    })
}

function planWarnings(plans: Status['plans']): readonly string[] {
  if (new Set(Object.values(plans)).size <= 1) return []
  const running = Object.entries(plans).map(([site, hash]) => `${site} ${hash}`)
  return [`different declarations: ${running.join(', ')}; changes between them wait until all run the same`]
}

/** What tells the time in accounts are the stores' servers: who is wrong is this machine. */
function ownClockWarnings(clocks: Status['clocks']): readonly string[] {
  const wrong = Object.entries(clocks).find(([, aheadMs]) => Math.abs(aheadMs ?? 0) > aheadMsMax)
  if (!wrong) return []
  const [site, aheadMs = 0] = wrong
  return [
    `warning: this machine's clock is ${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'behind' : 'ahead of'} ${site}'s`,
  ]
}

function clockWarnings(clocks: Status['clocks']): readonly string[] {
  return Object.entries(clocks).flatMap(([site, aheadMs]) => {
    if (aheadMs === undefined || Math.abs(aheadMs) <= skewWarnMs) return []
    const off = `${duration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead' : 'behind'}`
    const then = aheadMs > skewMaxMs ? '; its changes wait in quarantine until the clock is right' : ''
    return [`warning: the clock of ${site} is ${off} (up to ${skewWarnMs} ms is normal)${then}`]
  })
}

function flowText({
  pausedUntilMs,
  changesPerSecond,
}: Pick<RouteStatus, 'pausedUntilMs' | 'changesPerSecond'>): string {
  if (pausedUntilMs !== undefined) return `paused until ${new Date(pausedUntilMs).toISOString()}`
  return changesPerSecond === undefined ? 'open' : `at most ${changesPerSecond}/s`
}
