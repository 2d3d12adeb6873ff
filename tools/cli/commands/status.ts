/** `tributary status`: per site, peer and data type how much is under way, how old, and the last error. */
import type { Command } from 'commander'
import { z } from 'zod'
import { peersOf, typesAt } from '../../../shared/declare/sync-plan.ts'
import { standingAt } from '../../local/record-standing.ts'
import { columns, duration, printJson } from '../output.ts'
import { type RunningClouds, runningClouds } from '../running-clouds.ts'

const siteStatus = z.object({
  triggers: z.array(z.object({ function: z.string(), failures: z.number(), lastError: z.string().optional() })),
  deadLetters: z.number(),
  nowMs: z.number(),
})

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
}

export interface Status {
  readonly routes: readonly RouteStatus[]
  readonly cut: readonly string[]
  readonly deadLetters: Readonly<Record<string, number>>
  readonly errors: readonly { readonly site: string; readonly function: string; readonly error: string }[]
}

export async function readStatus(clouds: RunningClouds): Promise<Status> {
  const { plan, state } = clouds
  const sites = await Promise.all(
    plan.sites.map(async ({ id }) => {
      const status = siteStatus.parse(await clouds.ask(id, { ask: 'status' }))
      const types = typesAt(plan, id).map(async ({ name }) => {
        const records = standings.parse(await clouds.ask(id, { ask: 'records', type: name }))
        return [name, records] as const
      })
      return [id, { ...status, records: new Map(await Promise.all(types)) }] as const
    }),
  )
  const bySite = new Map(sites)
  const routes = sites.flatMap(([site, here]) =>
    peersOf(plan, site).flatMap(({ id: peer }) =>
      [...here.records].flatMap(([type, records]): readonly RouteStatus[] => {
        const there = bySite.get(peer)?.records.get(type)
        if (!there) return []
        const lastError = here.triggers.find(trigger => trigger.function === `forward-${peer}`)?.lastError
        return [{ site, peer, type, ...standingAt(site, records, there, here.nowMs), lastError }]
      }),
    ),
  )
  return {
    routes,
    cut: state.cut,
    deadLetters: Object.fromEntries(sites.map(([site, { deadLetters }]) => [site, deadLetters])),
    errors: sites.flatMap(([site, { triggers }]) =>
      triggers.flatMap(({ function: name, lastError }) =>
        lastError === undefined ? [] : [{ site, function: name, error: lastError }],
      ),
    ),
  }
}

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('per site, peer and data type: writes under way, their age, the last error')
    .option('--json', 'print the status as JSON', false)
    .addHelpText('after', '\nExamples:\n  npx tributary status\n  npx tributary status --json')
    .action(async ({ json }: { json: boolean }) => {
      const status = await readStatus(await runningClouds())
      if (json) return printJson(status)
      console.log(
        columns(
          ['site', 'peer', 'type', 'backlog', 'lag', 'last error'],
          status.routes.map(({ site, peer, type, backlog, lagMs, lastError }) => [
            site,
            peer,
            type,
            String(backlog),
            backlog === 0 ? '-' : duration(lagMs),
            backlog === 0 ? '' : (lastError ?? ''),
          ]),
        ),
      )
      if (status.cut.length > 0) console.log(`cut off: ${status.cut.join(', ')}`)
      const letters = Object.entries(status.deadLetters).filter(([, count]) => count > 0)
      for (const [site, count] of letters) console.log(`${site}: ${count} dead letters (npx tributary dead-letters)`)
    })
}
