/** The second kind of request between sites: what does the other one know of these records? (See prune.ts.) */
import * as z from '../document/schema.ts'
import type { Standing, StandingQuestion } from '../replicate/standing.ts'
import { BodyMalformed } from './request-body.ts'

export const standingsContentType = 'application/vnd.tributary.standings+json'

/** In one request; each costs the answering site a read. */
const questionsMax = 100

const counter = z.int().check(z.gte(0))
const vector = z.record(z.string(), counter)

const questions = z
  .array(
    z.object({
      type: z.string().check(z.minLength(1), z.maxLength(40)),
      key: z.array(z.string().check(z.minLength(1))).check(z.minLength(1)),
      plan: z.string().check(z.minLength(1)),
    }),
  )
  .check(z.maxLength(questionsMax))

const answer = z.object({
  standings: z.array(
    z.discriminatedUnion('standing', [
      z.object({ standing: z.literal('alive'), vector }),
      z.object({ standing: z.enum(['deleted', 'stripped']), vector, forMs: z.number().check(z.gte(0)) }),
      z.object({ standing: z.enum(['absent', 'unknown']) }),
    ]),
  ),
})

export function questionText({ type, key, plan }: StandingQuestion): string {
  return JSON.stringify({ type, key, plan })
}

/** `parsed` is the parsed body. Throws `BodyMalformed`. */
export function questionsIn(parsed: readonly unknown[]): readonly StandingQuestion[] {
  const checked = questions.safeParse(parsed)
  if (!checked.success) throw new BodyMalformed(z.prettifyError(checked.error).replaceAll('\n', ' '))
  return checked.data
}

/** `parsed` is the parsed answer. Throws `ZodError`, or an error if not every question was answered. */
export function standingsIn(parsed: unknown, count: number): readonly Standing[] {
  const { standings } = answer.parse(parsed)
  if (standings.length !== count) throw new Error(`${count} questions got ${standings.length} answers`)
  return standings
}
