/** `tributary conflicts`: what somebody should look at, and what somebody made of it. */
import { userInfo } from 'node:os'
import { type Command, Option } from 'commander'
import { hlcToMs } from '../../../shared/causality/hybrid-logical-clock.ts'
import { keyText } from '../../../shared/replicate/record-ref.ts'
import type { Conflict } from '../../conflicts/open-conflicts.ts'
import { conflictOf, readConflicts } from '../../conflicts/read-conflicts.ts'
import { type Choice, resolveConflict } from '../../conflicts/resolve-conflict.ts'
import { type AuditOptions, addAuditOptions, auditQuestion, countOf } from '../audit-options.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson, short } from '../output.ts'
import { recordAtSites } from './get.ts'

const keyHelp = 'the key; the parts of a composite key are separated by |'

export function addConflictsCommand(program: Command): void {
  const conflicts = program
    .command('conflicts')
    .description('what was flagged for somebody to look at, and has not been looked at yet')
    .addHelpText(
      'after',
      '\nA conflict stays here until it is reviewed, even if a later write has settled it.\n\nExamples:\n  npx tributary conflicts list --type products\n  npx tributary conflicts show teapot --type products\n  npx tributary conflicts resolve teapot --type products --take gcp-us-central1\n  npx tributary conflicts resolve teapot --type products --value teapot.json\n  npx tributary conflicts resolve teapot --type products --dismiss',
    )
  addListCommand(conflicts)
  addShowCommand(conflicts)
  addResolveCommand(conflicts)
}

interface ListOptions extends AuditOptions, CloudsOptions {
  readonly limit: number
  readonly json: boolean
}

function addListCommand(conflicts: Command): void {
  const command = conflicts.command('list').description('one line for each record, the latest first')
  addAuditOptions(addCloudsOptions(command))
    .addOption(new Option('--limit <count>', 'records at most').argParser(countOf).default(100))
    .option('--json', 'print the conflicts as JSON', false)
    .addHelpText('after', '\nExample:\n  npx tributary conflicts list --type products --since 7d')
    .action(async (options: ListOptions) => {
      const all = await withClouds(options, clouds => readConflicts(clouds, auditQuestion(clouds, options)))
      const shown = all.slice(0, options.limit)
      if (options.json) return printJson(shown)
      if (all.length === 0) return console.log('nothing to review')
      console.log(columns(['last met', 'record', 'cells', 'rules', 'versions of', 'told by'], shown.map(listRow)))
      if (all.length > shown.length) console.error(`${all.length - shown.length} more: --limit ${all.length}`)
    })
}

function listRow({ type, key, lastMs, cells, quarantined, entries }: Conflict): readonly string[] {
  const rules = [...cells.map(({ rule }) => rule), ...quarantined.map(() => 'quarantine')]
  const sites = [
    ...cells.flatMap(({ versions }) => versions.map(({ site }) => site)),
    ...quarantined.map(q => q.origin),
  ]
  return [
    new Date(lastMs).toISOString(),
    `${type}/${keyText(key)}`,
    cells.map(({ path }) => path.join('.') || 'the document').join(', '),
    [...new Set(rules)].join(', '),
    [...new Set(sites)].join(', '),
    [...new Set(entries.map(({ site }) => site))].join(', '),
  ]
}

interface ShowOptions extends CloudsOptions {
  readonly type: string
  readonly json: boolean
}

function addShowCommand(conflicts: Command): void {
  const command = conflicts
    .command('show')
    .description('every version of one record, whole, and what it is now')
    .argument('<key>', keyHelp)
  addCloudsOptions(command)
    .requiredOption('--type <type>', 'the data type')
    .option('--json', 'print the conflict as JSON', false)
    .addHelpText('after', "\nExample:\n  npx tributary conflicts show 'sku-1|berlin' --type inventory")
    .action(async (key: string, options: ShowOptions) => {
      const { type, json } = options
      const { conflict, sites } = await withClouds(options, async clouds => {
        const found = await conflictOf(clouds, type, key)
        return { conflict: found, sites: await recordAtSites(clouds, type, found.key) }
      })
      const isSettled = Object.values(sites).every(({ open }) => open.length === 0)
      if (json) return printJson({ ...conflict, isSettled, sites })
      for (const { path, rule, versions } of conflict.cells) {
        console.log(`${path.join('.') || 'the document'}, by ${rule}`)
        for (const { site, counter, hlc, value } of versions) {
          console.log(
            `  ${site} at ${new Date(hlcToMs(hlc)).toISOString()} (write ${counter}): ${JSON.stringify(value)}`,
          )
        }
      }
      for (const { origin, site, aheadMs } of conflict.quarantined) {
        console.log(`a write of ${origin} waits: ${site} keeps it in quarantine, its clock is ${aheadMs} ms ahead`)
      }
      console.log(`met when the sites had seen ${JSON.stringify(conflict.vector)}`)
      for (const [site, { document, vector }] of Object.entries(sites)) {
        console.log(`now at ${site} ${JSON.stringify(vector)}: ${JSON.stringify(document)}`)
      }
      console.log(
        isSettled ? 'a later write has settled it; nobody has reviewed it' : 'it stands: nothing was written since',
      )
    })
}

function addResolveCommand(conflicts: Command): void {
  const command = conflicts
    .command('resolve')
    .description('write what you choose, as an application would, and mark the conflict as reviewed')
    .argument('<key>', keyHelp)
  addCloudsOptions(command)
    .requiredOption('--type <type>', 'the data type')
    .addOption(
      new Option('--take <site>', "this site's version of what is in conflict").conflicts(['value', 'dismiss']),
    )
    .addOption(new Option('--value <file>', 'the document in this JSON file').conflicts(['take', 'dismiss']))
    .addOption(new Option('--dismiss', 'write nothing: it is well as it is').conflicts(['take', 'value']))
    .option('--at <site>', 'write at this site (default: the one that is taken, or the first that holds the type)')
    .option('--by <name>', 'who decides, for the audit', userInfo().username)
    .option('--json', 'print the review as JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n  npx tributary conflicts resolve teapot --type products --take gcp-us-central1\n  npx tributary conflicts resolve teapot --type products --value teapot.json --by ines\n  npx tributary conflicts resolve teapot --type products --dismiss',
    )
    .action(async (key: string, options: Choice & CloudsOptions & { readonly json: boolean }) => {
      const review = await withClouds(options, clouds => resolveConflict(clouds, key, options))
      if (options.json) return printJson(review)
      const { outcome, origin, chosen } = review
      if (outcome === 'dismissed') console.log('reviewed, nothing written')
      else if (outcome === 'stood') console.log(`reviewed; it stood at every site already: ${short(chosen)}`)
      else console.log(`reviewed; written at ${origin}: ${short(chosen ?? 'no document')}`)
    })
}
