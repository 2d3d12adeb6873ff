/** `tributary cost`: what changes cost, for each site and route, from counted operations and one table of prices. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import { type SyncPlan, typesAt } from '../../../shared/declare/sync-plan.ts'
import { type CostPart, changeCosts, costOfMillion, fixedPerDay, globalTablesCost } from '../../cost/change-cost.ts'
import { pricesAsOf } from '../../cost/prices.ts'
import { columns, printJson } from '../output.ts'

interface CostOptions {
  readonly changesPerDay: number
  readonly size: number
  readonly config: string
  readonly json: boolean
}

const explanation = `
Every change counts that an application makes at any of the type's sites, each site as often as the others. Not counted: the
application's own reads and writes, storage, and what a site costs a month before any change (docs/deploy-aws.md).

Examples:
  npx tributary cost --changes-per-day 1000000 --size 1024
  npx tributary cost --changes-per-day 20000 --config examples/market-data/sync.config.ts --json`

export function addCostCommand(program: Command): void {
  program
    .command('cost')
    .description('what a million changes cost, by site and route')
    .requiredOption('--changes-per-day <n>', 'of each data type, at all its sites together', positive)
    .option('--size <bytes>', 'of a document as JSON', positive, 1024)
    .option('--config <file>', 'the declaration', 'sync.config.ts')
    .option('--json', 'print as JSON', false)
    .addHelpText('after', explanation)
    .action(async ({ config, json, ...load }: CostOptions) => {
      const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(resolve(config)).href)
      const costs = costsOf(plan, load)
      if (json) printJson({ pricesAsOf, ...load, ...costs })
      else console.log(report(costs, load))
    })
}

export interface TypeCost {
  readonly type: string
  readonly usdPerMillion: number
  readonly globalTablesUsdPerMillion: number
  readonly most: { readonly what: string; readonly usd: number }
  readonly parts: readonly CostPart[]
}

export interface Costs {
  readonly types: readonly TypeCost[]
  readonly fixedUsdPerDay: Readonly<Record<string, number>>
}

export function costsOf(plan: SyncPlan, load: Pick<CostOptions, 'changesPerDay' | 'size'>): Costs {
  return {
    types: plan.types.map(type => {
      const parts = changeCosts(plan, type, load)
      return {
        type: type.name,
        usdPerMillion: costOfMillion(parts),
        globalTablesUsdPerMillion: globalTablesCost(type.sites.length, load),
        most: mostOf(parts),
        parts,
      }
    }),
    fixedUsdPerDay: Object.fromEntries(plan.sites.map(site => [site.id, fixedPerDay(site, typesAt(plan, site.id))])),
  }
}

/** Of a change anywhere: the kind of part that takes the most. */
function mostOf(parts: readonly CostPart[]): TypeCost['most'] {
  const byKind = Map.groupBy(parts, ({ what }) => what)
  const senders = new Set(parts.map(({ from }) => from)).size
  const kinds = [...byKind].map(([what, same]) => ({
    what,
    usd: same.reduce((sum, { usd }) => sum + usd, 0) / senders,
  }))
  return kinds.toSorted((a, b) => b.usd - a.usd)[0] ?? { what: 'nothing', usd: 0 }
}

function report(
  { types, fixedUsdPerDay }: Costs,
  { changesPerDay, size }: Pick<CostOptions, 'changesPerDay' | 'size'>,
) {
  const heads = ['from', 'to', 'paid at', 'for', 'USD']
  const rows = (parts: readonly CostPart[]) =>
    parts.map(({ from, to = '', at, what, usd }) => [from, to, at, what, usd.toFixed(2)])
  const fixed = Object.entries(fixedUsdPerDay).map(([site, usd]) => `${site} ${usd.toFixed(2)}`)
  return [
    `USD per million changes of ${size} bytes, ${changesPerDay} a day; list prices of ${pricesAsOf}`,
    ...types.map(({ type, usdPerMillion, globalTablesUsdPerMillion, most, parts }) =>
      [
        `\n${type}: ${usdPerMillion.toFixed(2)}. Most: ${most.what}, ${most.usd.toFixed(2)}.`,
        `DynamoDB global tables, as many replicas: ${globalTablesUsdPerMillion.toFixed(2)} (one cloud, latest write wins, no audit)\n`,
        columns(heads, rows(parts)),
      ].join('\n'),
    ),
    `\nBefore any change, a day, for streams and feeds: ${fixed.join(', ')}`,
  ].join('\n')
}

function positive(text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new InvalidArgumentError('a number above 0')
  return number
}
