/** How rulings are checked that came from outside. */
import { namedValues } from '../document/named-values.ts'
import * as z from '../document/schema.ts'
import { isCount, isSiteName } from './outside-names.ts'

const count = z.number().check(z.int(), z.minimum(0))

/** A ruling whose log holds such verdicts. */
export function rulingSchema<Verdict extends z.ZodMiniType>(verdict: Verdict) {
  return z.object({
    epoch: count,
    log: z.array(verdict),
    dropped: z.optional(count),
    stored: namedValues(namedValues(count, isCount), isSiteName),
    promised: namedValues(count, isSiteName),
  })
}
