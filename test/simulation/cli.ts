/** `npm run simulate -- --seeds N [--from S] | --seed N --trace` */
import { Command } from 'commander'
import { simulate } from './simulate.ts'

const program = new Command('simulate')
  .description('Runs the replication flows in virtual time under faults and checks the invariants.')
  .option('--seeds <n>', 'how many seeds to run', '200')
  .option('--from <seed>', 'the first seed', '1')
  .option('--seed <seed>', 'run this one seed only')
  .option('--trace', 'print what happened, step by step', false)
  .option('--json', 'print the result as JSON', false)
  .addHelpText('after', '\nExamples:\n  npm run simulate -- --seeds 2000\n  npm run simulate -- --seed 17 --trace')
  .parse()

const { seeds, from, seed, trace, json } = program.opts<{
  seeds: string
  from: string
  seed?: string
  trace: boolean
  json: boolean
}>()
const first = Number(seed ?? from)
const last = seed === undefined ? first + Number(seeds) - 1 : first
const total = { seeds: 0, writes: 0, captures: 0, merges: 0, resolutions: 0 }
const failures: { seed: number; violations: readonly string[] }[] = []
const startedMs = performance.now()

for (let current = first; current <= last && failures.length < 5; current++) {
  const run = await simulate(current, { trace })
  if (trace) for (const line of run.trace) console.log(line)
  total.seeds += 1
  total.writes += run.writes
  total.captures += run.captures
  total.merges += run.merges
  total.resolutions += run.resolutions
  if (run.violations.length > 0) failures.push({ seed: current, violations: run.violations })
  if (!json && process.stderr.isTTY && current % 100 === 0) process.stderr.write(`\rseed ${current} of ${last}`)
}

if (json) console.log(JSON.stringify({ ...total, failures }))
else {
  for (const failure of failures) {
    console.log(`seed ${failure.seed}: ${failure.violations.length} violations`)
    for (const violation of failure.violations.slice(0, 5)) console.log(`  ${violation}`)
    console.log(`  npm run simulate -- --seed ${failure.seed} --trace`)
  }
  const { seeds: ran, writes, captures, merges, resolutions } = total
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(
    `${ran} seeds in ${seconds} s: ${writes} writes, ${captures} captures, ${merges} merges, ${resolutions} resolutions; ${failures.length} seeds with violations`,
  )
}
process.exitCode = failures.length > 0 ? 1 : 0
