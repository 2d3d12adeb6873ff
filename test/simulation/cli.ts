/** `npm run simulate -- --seeds N [--from S] | --seed N --trace` */
import { Command } from 'commander'
import { adoptionBugs } from './adoption-bugs.ts'
import { escrowBugs } from './escrow-bugs.ts'
import { eventLogBugs } from './event-log-bugs.ts'
import { expiryBugs } from './expiry-bugs.ts'
import { hunt } from './hunt.ts'
import { ledgerBugs } from './ledger-bugs.ts'
import { plantedBugs } from './planted-bugs.ts'
import { simulate } from './simulate.ts'
import { simulate as simulateEscrow } from './simulate-escrow.ts'
import { simulate as simulateEventLog } from './simulate-event-log.ts'
import { simulate as simulateExpiry } from './simulate-expiry.ts'
import { simulate as simulateLedger } from './simulate-ledger.ts'
import { simulate as simulateText } from './simulate-text-flows.ts'
import { simulate as simulateTypes } from './simulate-types.ts'
import { textBugs, textFlowBugs } from './text-bugs.ts'
import { typeBugs } from './type-bugs.ts'

const program = new Command('simulate')
  .description('Runs the replication flows in virtual time under faults and checks the invariants.')
  .option('--seeds <n>', 'how many seeds to run', '200')
  .option('--from <seed>', 'the first seed', '1')
  .option('--seed <seed>', 'run this one seed only')
  .option('--rule <rule>', 'with --planted: only the rules that begin so', '')
  .option('--planted', 'leave out each rule of the protocol in turn and count the seeds until it is noticed', false)
  .option('--prune <when>', 'always, never or sometimes', 'sometimes')
  .option('--expiry', 'runs with documents that expire', false)
  .option('--ledger', 'runs with reservations that a home decides', false)
  .option('--types', 'runs with the types that hold one value, append-only ones and nested fields', false)
  .option('--escrow', 'runs with reservations that every site decides within its share', false)
  .option('--event-log', 'runs with orders and payments that move through a state machine', false)
  .option('--text', 'runs with texts that several edit', false)
  .option('--trace', 'print what happened, step by step', false)
  .option('--json', 'print the result as JSON', false)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run simulate -- --seeds 2000\n  npm run simulate -- --seed 17 --trace\n  npm run simulate -- --planted --seeds 3000',
  )
  .parse()

const options = program.opts<{
  seeds: string
  from: string
  seed?: string
  planted: boolean
  prune: string
  rule: string
  expiry: boolean
  ledger: boolean
  types: boolean
  escrow: boolean
  eventLog: boolean
  text: boolean
  trace: boolean
  json: boolean
}>()

/** Others than the runs of the types that only join. */
const kinds = [
  { flag: '--expiry', chosen: options.expiry, simulate: simulateExpiry },
  { flag: '--ledger', chosen: options.ledger, simulate: simulateLedger },
  { flag: '--escrow', chosen: options.escrow, simulate: simulateEscrow },
  { flag: '--event-log', chosen: options.eventLog, simulate: simulateEventLog },
  { flag: '--text', chosen: options.text, simulate: simulateText },
  { flag: '--types', chosen: options.types, simulate: simulateTypes },
]

process.exitCode = options.planted ? await huntAll() : await runSeeds()

async function huntAll(): Promise<number> {
  const found: { rule: string; leavesOut: string; seeds: number | undefined; violation: string | undefined }[] = []
  const bugs = [
    ...plantedBugs,
    ...adoptionBugs,
    ...expiryBugs,
    ...ledgerBugs,
    ...escrowBugs,
    ...eventLogBugs,
    ...textBugs,
    ...textFlowBugs,
    ...typeBugs,
  ]
  for (const bug of bugs.filter(({ rule }) => rule.startsWith(options.rule))) {
    const result = await hunt(bug, { seedsMax: Number(options.seeds) })
    found.push({ rule: bug.rule, leavesOut: bug.leavesOut, ...result })
    if (!options.json) console.log(`| ${bug.rule} | ${bug.leavesOut} | ${result.seeds ?? `not in ${options.seeds}`} |`)
  }
  if (options.json) console.log(JSON.stringify(found, null, 2))
  return found.every(({ seeds }) => seeds !== undefined) ? 0 : 1
}

async function runSeeds(): Promise<number> {
  const { seed, seeds, from, trace, json } = options
  const kind = kinds.find(({ chosen }) => chosen)
  const prune = options.prune === 'sometimes' ? {} : { prune: options.prune === 'always' }
  const first = Number(seed ?? from)
  const last = seed === undefined ? first + Number(seeds) - 1 : first
  const total = { seeds: 0, writes: 0, captures: 0, merges: 0, resolutions: 0, removed: 0 }
  const failures: { seed: number; violations: readonly string[] }[] = []
  const startedMs = performance.now()
  for (let current = first; current <= last && failures.length < 5; current++) {
    const run = await (kind ? kind.simulate(current, { trace }) : simulate(current, { trace, ...prune }))
    for (const line of run.trace) console.log(line)
    total.seeds += 1
    total.writes += run.writes
    total.captures += run.captures
    total.merges += run.merges
    total.resolutions += run.resolutions
    total.removed += run.removed
    if (run.violations.length > 0) failures.push({ seed: current, violations: run.violations })
    if (!json && process.stderr.isTTY && current % 100 === 0) process.stderr.write(`\rseed ${current} of ${last}`)
  }
  if (json) console.log(JSON.stringify({ ...total, failures }))
  else {
    for (const failure of failures) {
      console.log(`seed ${failure.seed}: ${failure.violations.length} violations`)
      for (const violation of failure.violations.slice(0, 5)) console.log(`  ${violation}`)
      console.log(`  npm run simulate -- ${kind ? `${kind.flag} ` : ''}--seed ${failure.seed} --trace`)
    }
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(
      `${total.seeds} seeds in ${seconds} s: ${total.writes} writes, ${total.captures} captures, ${total.merges} merges, ` +
        `${total.resolutions} resolutions, ${total.removed} sync records pruned; ${failures.length} seeds with violations`,
    )
  }
  return failures.length > 0 ? 1 : 0
}
