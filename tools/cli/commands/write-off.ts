/** `tributary write-off TYPE --site SITE --to SITE --most N`: a site is lost, and with it its share of stock (escrow). */
import type { Command } from 'commander'
import { z } from 'zod'
import { typeOf } from '../../../shared/declare/sync-plan.ts'
import { type Clouds, CommandFailed, requireSite } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson } from '../output.ts'
import { requireClock } from '../require-clock.ts'

const result = z.object({ seen: z.int(), writtenOff: z.int() })

interface WriteOffOptions extends CloudsOptions {
  readonly site: string
  readonly to: string
  readonly most: string
  readonly json: boolean
}

async function writeOff(clouds: Clouds, type: string, { site, to, most }: WriteOffOptions) {
  const merge = typeOf(clouds.plan, type)?.merge
  if (merge?.kind !== 'ledger' || merge.decide.by !== 'escrow')
    throw new CommandFailed(`'${type}' is no type that is decided by escrow`)
  for (const each of [site, to]) requireSite(clouds, each)
  if (site === to) throw new CommandFailed('a lost site can have nothing: name another one with --to')
  const amount = Number(most)
  if (!(amount >= 0)) throw new CommandFailed(`--most: found '${most}'; allowed: a number from 0 on`)
  await requireClock(clouds, to)
  return result.parse(await clouds.ask(to, { ask: 'write-off', type, site, most: amount }))
}

export function addWriteOffCommand(program: Command): void {
  const command = program
    .command('write-off')
    .description('give what a lost site has left of its share of stock to another site (types decided by escrow)')
    .argument('<type>', 'a data type that is declared with escrow(...)')
  addCloudsOptions(command)
    .requiredOption('--site <site>', 'the site that is lost')
    .requiredOption('--to <site>', 'the site that is to have what is left')
    .requiredOption('--most <n>', 'of each record: leave it alone where more than this is left')
    .option('--json', 'print what was done as JSON', false)
    .addHelpText(
      'after',
      '\nIf the site is not lost, or has given away more than is known, more may be accepted than there is: available then goes\nbelow 0 and stock_short is told. Stop the site first, and write off only what you can answer for.\n\nExample:\n  npx tributary write-off seats --site azure-eastus --to aws-us-east-1 --most 5',
    )
    .action(async (type: string, options: WriteOffOptions) => {
      const { site, to, json } = options
      const done = await withClouds(options, clouds => writeOff(clouds, type, options))
      if (json) return printJson({ type, site, to, ...done })
      console.log(
        columns(
          ['type', 'site', 'to', 'records', 'written off'],
          [[type, site, to, String(done.seen), String(done.writtenOff)]],
        ),
      )
    })
}
