/** `tributary prune`: forget now what was deleted long enough ago, as the hourly schedule does. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Pruned } from '../../../shared/replicate/prune.ts'
import { requireSite } from '../clouds.ts'
import { durationMs } from '../duration-option.ts'
import { columns, printJson } from '../output.ts'
import { runningClouds } from '../running-clouds.ts'

const count = z.int().min(0)

const pruned: z.ZodType<Pruned> = z.object({
  found: count,
  stripped: count,
  removed: count,
  sent: count,
  waiting: count,
  raced: count,
  unreachable: z.record(z.string(), z.string()),
})

export function addPruneCommand(program: Command): void {
  program
    .command('prune')
    .description('forget what was deleted at every site long ago: first its content, in a later run the rest')
    .option('--site <site>', 'at this site only (default: at every site)')
    .option(
      '--older-than <duration>',
      'how long it must have been gone, such as 7d or 10s',
      durationMs,
      durationMs('7d'),
    )
    .option('--json', 'print the counts as JSON', false)
    .addHelpText(
      'after',
      '\nEvery site that holds the record must know of the deletion; a second run, when what is left is as old again, removes it.\nA record that carries resolutions younger than a day waits.\n\nExamples:\n  npx tributary prune\n  npx tributary prune --older-than 10s --site aws-us-east-1 --json',
    )
    .action(async ({ site, olderThan, json }: { site?: string; olderThan: number; json: boolean }) => {
      const clouds = await runningClouds()
      if (site !== undefined) requireSite(clouds, site)
      const sites = site === undefined ? clouds.plan.sites.map(({ id }) => id) : [site]
      const results: { readonly site: string; readonly result: Pruned }[] = []
      // One after the other: what one site strips, the next finds stripped.
      for (const id of sites) {
        results.push({ site: id, result: pruned.parse(await clouds.ask(id, { ask: 'prune', olderThanMs: olderThan })) })
      }
      if (json) return printJson(results.map(({ site: id, result }) => ({ site: id, ...result })))
      console.log(
        columns(
          ['site', 'found', 'stripped', 'removed', 'sent', 'waiting', 'raced', 'unreachable'],
          results.map(({ site: id, result }) => [
            id,
            ...[result.found, result.stripped, result.removed, result.sent, result.waiting, result.raced].map(String),
            Object.keys(result.unreachable).join(', ') || '-',
          ]),
        ),
      )
    })
}
