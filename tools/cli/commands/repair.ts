/** `tributary repair [TYPE]`: what some site lacks, and nobody will write again, is sent once more. */
import type { Command } from 'commander'
import { refFromName } from '../../../shared/replicate/record-ref.ts'
import { lackingRecords } from '../../../shared/replicate/resend.ts'
import { adoptingSiteBehind } from '../../stores/adopting-protocol.ts'
import { type Clouds, CommandFailed, requireType } from '../clouds.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { durationMs } from '../duration-option.ts'
import { columns, printJson } from '../output.ts'
import { RenewedLine } from '../renewed-line.ts'
import { readStandings } from './status.ts'

interface RepairOptions extends CloudsOptions {
  readonly olderThan: number
  readonly dryRun: boolean
  readonly json: boolean
}

interface Repaired {
  readonly type: string
  readonly site: string
  /** Records that this site sends once more. */
  readonly records: number
}

const explanation = `
A site lacks something if it was away for longer than a bus keeps messages (7 days on AWS and Google Cloud), lost some of its
store, or came later than the writes: the record is gone there, or was never there. (One that was put back as it was before must be
removed first, document and sync record.) What it lacks is found from the sync records of all sites, all of which are read, and sent by a
site that has it: the record as it is then, which a site that has it by then turns away. Nothing is deleted for it, and no
document changes but by the declared merge.

Examples:
  npx tributary repair --dry-run
  npx tributary repair carts
  npx tributary repair --older-than 7d --accounts --json`

export function addRepairCommand(program: Command): void {
  const command = program
    .command('repair')
    .description('send once more what some site lacks: one that was away for too long, lost data, or came later')
    .argument('[type]', 'this data type only')
  addCloudsOptions(command)
    .option('--older-than <duration>', 'leave out what may be on its way still', durationMs, durationMs('10m'))
    .option('--dry-run', 'say what would be sent, and send nothing', false)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', explanation)
    .action(async (type: string | undefined, options: RepairOptions) => {
      const repaired = await withClouds(options, clouds => repair(clouds, type, options))
      if (options.json) return printJson(repaired)
      if (repaired.length === 0) return console.log('no site lacks anything')
      const rows = repaired.map(({ type: name, site, records }) => [name, site, String(records)])
      console.log(columns(['type', 'sent by', options.dryRun ? 'records it would send' : 'records'], rows))
      if (!options.dryRun) console.log('on their way; npx tributary status shows how far')
    })
}

async function repair(
  clouds: Clouds,
  type: string | undefined,
  { olderThan, dryRun }: RepairOptions,
): Promise<readonly Repaired[]> {
  const types = type === undefined ? clouds.plan.types : [requireType(clouds, type)]
  const line = new RenewedLine(process.stderr, { isAtOnce: false })
  const repaired: Repaired[] = []
  try {
    for (const { name, sites, adopt } of types) {
      line.show(() => `${name}: reading sync records`)
      if (adopt) await requireAdopted(clouds, name, sites)
      const standings = await Promise.all(
        sites.map(async site => [site, await readStandings(clouds, site, name)] as const),
      )
      for (const [site, names] of lackingRecords(new Map(standings), Date.now() - olderThan)) {
        if (!dryRun) await resendAll(clouds, site, names, sent => line.show(() => `${name}: ${site} sent ${sent}`))
        repaired.push({ type: name, site, records: names.length })
      }
    }
    return repaired
  } finally {
    line.clear()
  }
}

/** Until every site knows what was there before, a change that meets a site without it would be taken for a creation. */
async function requireAdopted(clouds: Clouds, type: string, sites: readonly string[]): Promise<void> {
  for (const id of sites) {
    const site = adoptingSiteBehind(id, request => clouds.ask(id, { ask: 'adopting', request }))
    if ((await site.adoption(type))?.phase === 'adopted') continue
    throw new CommandFailed(`'${type}' is not adopted at ${id}: first npx tributary adopt ${type}`)
  }
}

/** Records in one question to a site. */
const atOnce = 100

async function resendAll(
  clouds: Clouds,
  site: string,
  names: readonly string[],
  onSent: (sent: number) => void,
): Promise<void> {
  for (let from = 0; from < names.length; from += atOnce) {
    const refs = names.slice(from, from + atOnce).map(refFromName)
    await clouds.ask(site, { ask: 'resend', refs: refs.map(({ type, key }) => ({ type, key: [...key] })) })
    onSent(Math.min(from + atOnce, names.length))
  }
}
