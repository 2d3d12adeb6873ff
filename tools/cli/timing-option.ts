/** `--timing`, the same wherever local clouds are started. */
import { Option } from 'commander'
import { type Timing, timings } from '../local/timing.ts'

export function timingOption(): Option {
  return new Option('--timing <timing>', "fast: as soon as can be; cloud: each cloud's own intervals and round trips")
    .choices(timings)
    .default('fast' satisfies Timing)
}
