/** `tributary audit`: what was resolved, where, by which rule, and what lost; and whatever else the audit stores hold. */
import { type Command, Option } from 'commander'
import { type AuditOptions, addAuditOptions, auditQuestion, countOf } from '../audit-options.ts'
import { auditHeads, auditRows } from '../audit-rows.ts'
import { addCloudsOptions, type CloudsOptions, withClouds } from '../clouds-options.ts'
import { columns, printJson } from '../output.ts'
import { readAudit } from '../read-audit.ts'

interface Options extends AuditOptions, CloudsOptions {
  readonly rule?: string
  readonly order: 'newest' | 'oldest'
  readonly limit: number
  readonly json: boolean
}

export function addAuditCommand(program: Command): void {
  const command = program
    .command('audit')
    .description('resolutions of concurrent writes, blind writes, incidents, quarantine and reviews of 90 days')
  addAuditOptions(addCloudsOptions(command))
    .option('--rule <rule>', 'by this rule only: latest-write-wins, sum, merged, uncertain, stale-write-back, ...')
    .addOption(new Option('--order <order>', 'newest or oldest first').choices(['newest', 'oldest']).default('newest'))
    .addOption(new Option('--limit <count>', 'entries at most').argParser(countOf).default(100))
    .option('--json', 'print whole entries, losing values included, as JSON', false)
    .addHelpText(
      'after',
      '\nThe stores are asked by type and time; what else is asked for narrows that. A resolution is told by each site.\n\nExamples:\n  npx tributary audit --type carts --since 2h\n  npx tributary audit --key alice --json\n  npx tributary audit --region us-east-1 --rule stale-write-back --order oldest --limit 1000',
    )
    .action(async (options: Options) => {
      const { rule, order, limit, json } = options
      const found = await withClouds(options, clouds => {
        const question = { ...auditQuestion(clouds, options), ...(rule !== undefined && { rule }), order }
        return readAudit(clouds, { ...question, limit: limit + 1 })
      })
      const shown = found.slice(0, limit)
      if (json) printJson(shown)
      else console.log(columns(auditHeads, shown.flatMap(auditRows)))
      const last = shown.at(-1)
      if (found.length <= limit || !last) return
      // `until` leaves its own moment out, which may hold more than was shown.
      const [next, atMs] = order === 'newest' ? ['until', last.atMs + 1] : ['since', last.atMs]
      console.error(`there is more: --limit ${limit * 10}, or --${next} ${new Date(atMs).toISOString()}`)
    })
}
