/** One run with carts and products (see run-records.ts). */
import { Application } from './application.ts'
import { type Run, runRecords, type SimulateOptions } from './run-records.ts'

export function simulate(seed: number, options: SimulateOptions = {}): Promise<Run> {
  return runRecords(seed, options, { writers: world => new Application(world) })
}
