/** How rulings are checked that came from outside. */
import * as z from '../document/schema.ts'
import { isCount, isSiteName, named } from './named-schema.ts'

const count = z.number().check(z.int(), z.minimum(0))

/** A ruling whose log holds such verdicts. */
export function rulingSchema<Verdict extends z.ZodMiniType>(verdict: Verdict) {
  return z.object({
    epoch: count,
    log: z.array(verdict),
    dropped: z.optional(count),
    stored: named(named(count, isCount), isSiteName),
    promised: named(count, isSiteName),
  })
}
