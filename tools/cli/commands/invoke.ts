/** `tributary invoke SITE/FUNCTION --event FILE`: one function, one event, its result and its log. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { siteOf } from '../../../shared/declare/sync-plan.ts'
import { CommandFailed, requireSite } from '../clouds.ts'
import { fillEvent } from '../fill-event.ts'
import { printJson } from '../output.ts'
import { type RunningClouds, runningClouds } from '../running-clouds.ts'

const invocation = z.object({ result: z.unknown(), log: z.array(z.string()) })

export function addInvokeCommand(program: Command): void {
  program
    .command('invoke')
    .description('run one function of a running site with one recorded event')
    .argument('<site/function>', 'such as aws-us-east-1/capture or azure-eastus/forward-gcp-us-central1')
    .option('--event <file>', 'the event, in the form the cloud delivers it (default: events/<cloud>/<function>.json)')
    .option('--json', 'print result and log as JSON', false)
    .addHelpText(
      'after',
      '\nIn an event {{plan}} stands for the hash of the running plan, {{token:SITE}} for a fresh token of that site.\n\nExamples:\n  npx tributary invoke aws-us-east-1/capture --event events/aws/capture.json\n  npx tributary invoke gcp-us-central1/ingest --json',
    )
    .action(async (target: string, { event: file, json }: { event?: string; json: boolean }) => {
      const [site, name] = target.split('/')
      if (!site || !name) throw new CommandFailed(`'${target}' is no site/function`)
      const clouds = await runningClouds()
      requireSite(clouds, site)
      const { result, log } = await invoke(clouds, site, name, file ?? defaultEvent(clouds, site, name))
      if (json) return printJson({ site, function: name, result, log })
      for (const line of log) console.log(`log  ${line}`)
      console.log(`result  ${JSON.stringify(result, null, 2)}`)
    })
}

/** Path of the event that was recorded for a function, from the project's root. Those that exist once per peer share one. */
export function defaultEvent({ plan }: RunningClouds, site: string, name: string): string {
  return `events/${siteOf(plan, site).cloud}/${name.startsWith('forward-') ? 'forward' : name}.json`
}

async function invoke(clouds: RunningClouds, site: string, name: string, file: string) {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CommandFailed(`cannot read the event ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  const event = await fillEvent(text, clouds, site)
  return invocation.parse(await clouds.ask(site, { ask: 'invoke', function: name, event }))
}
