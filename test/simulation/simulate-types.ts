/** One run with the types that hold one value, append-only ones, counters and nested fields (see run-records.ts). */
import { type Run, runRecords, type SimulateOptions } from './run-records.ts'
import { checkTypes } from './type-invariants.ts'
import { TypeWriters } from './type-writers.ts'

export function simulate(seed: number, options: SimulateOptions = {}): Promise<Run> {
  return runRecords(seed, options, { writers: world => new TypeWriters(world), check: checkTypes })
}
