/** `tributary plan`: what the declaration makes at each site, in words, and what changed since the bundles were made. */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from 'commander'
import type { SyncPlan } from '../../../shared/declare/sync-plan.ts'
import { projectRoot } from '../../build/bundle-functions.ts'
import { readLastPlan } from '../../build/last-plan.ts'
import { printJson } from '../output.ts'
import { changeWords, siteWords } from '../plan-words.ts'

interface PlanOptions {
  readonly config: string
  readonly since: string
  readonly json: boolean
}

export function addPlanCommand(program: Command): void {
  program
    .command('plan')
    .description('what the declaration makes at each site, and what changed since the last synth')
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .option('--since <folder>', 'where synth or build left its bundles', join(projectRoot, '.build', 'functions'))
    .option('--json', 'print as JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  npx tributary plan\n  npx tributary plan --config examples/market-data/sync.config.ts',
    )
    .action(async ({ config, since, json }: PlanOptions) => {
      const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(resolve(config)).href)
      // As a plan that was read again: without what no text carries.
      const last = await readLastPlan(since)
      const changes = last && changeWords(last, JSON.parse(JSON.stringify(plan)))
      if (json) return printJson({ hash: plan.hash, sites: siteWords(plan), changes: changes ?? null })
      for (const { site, lines } of siteWords(plan))
        console.log(`${site}\n${lines.map(line => `  ${line}`).join('\n')}\n`)
      console.log(changes ? sinceThen(changes) : 'nothing was synthesised here yet')
    })
}

function sinceThen(changes: readonly string[]): string {
  if (changes.length === 0) return 'nothing changed since the last synth'
  return ['since the last synth:', ...changes.map(change => `  ${change}`)].join('\n')
}
