/**
 * How the laws are asked: all laws of a merge type of the same random histories, which are made once; a law that does not
 * hold is asked again alone, so that fast-check finds the smallest history that shows it.
 *
 * LAW_RUNS sets the number of cases for each law (a long run: 10,000), LAW_SEED repeats a run.
 */
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { endsWithin } from '../../shared/declare/resolver.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { StampTable, StampTableWriter } from '../../shared/resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../../shared/resolve/state-encoding.ts'
import { Random } from '../simulation/random.ts'
import { History, type Plot } from './history.ts'

export const numRuns = Number(process.env.LAW_RUNS ?? (process.env.TRIBUTARY_LONG === '1' ? 10_000 : 1_000))
/** For types made of others, whose laws are asked in full by themselves. */
export const composedRuns = Math.ceil(numRuns / 4)

/** The same cases each time in `npm test`, others each time in a long run. */
export const seed = Number(process.env.LAW_SEED ?? (process.env.TRIBUTARY_LONG === '1' ? Date.now() : 1))

const timeoutMs = 30_000 + numRuns * 60
/** As many cases as are kept for the other laws of a type; more are made anew for each law, round after round. */
const roundRuns = 1_000

export type Pick = <Item>(items: readonly Item[]) => Item

export type Law<Subject> = (title: string, check: (subject: Subject, pick: Pick) => void) => void

/** `make` builds what the laws are asked of from what was drawn; no law may change it. */
export function lawsOf<Drawn, Subject>(
  drawn: fc.Arbitrary<Drawn>,
  make: (drawn: Drawn) => Subject,
  runs = numRuns,
): Law<Subject> {
  const cases = fc.tuple(drawn, fc.nat())
  const drawRound = (round: { readonly numRuns: number; readonly seed: number }) =>
    fc.sample(cases, round).map(([each, number]) => ({ subject: make(each), number }))
  let kept: ReturnType<typeof drawRound> | undefined
  return (title, check) =>
    it(title, { timeout: timeoutMs }, async () => {
      for (let from = 0; from < runs; from += roundRuns) {
        const round = { numRuns: Math.min(roundRuns, runs - from), seed: seed + from }
        const askAll = () => {
          if (from === 0) kept ??= drawRound(round)
          for (const { subject, number } of from === 0 && kept ? kept : drawRound(round)) check(subject, picker(number))
        }
        try {
          // One limit for all, instead of one for each call of a resolver, is a fifth of the time of all laws.
          if (!endsWithin(timeoutMs, askAll)) throw new Error(`not through within ${timeoutMs} ms`)
        } catch (error) {
          fc.assert(
            fc.property(cases, ([each, number]) => check(make(each), picker(number))),
            round,
          )
          throw error
        }
        // Vitest wants to hear of its workers once a minute.
        await setImmediate()
      }
    })
}

export type HistoryLaw = Law<History>

export function historyLaws(descriptor: DocumentDescriptor, plots: fc.Arbitrary<Plot>, runs = numRuns): HistoryLaw {
  return lawsOf(plots, plot => new History(descriptor, plot), runs)
}

/** Decisions that only a law itself can ask for: a number decides them all. */
function picker(number: number): Pick {
  const random = new Random(number)
  return items => random.pick(items)
}

type Comparable = CellsState | Document | Json | undefined

/** One text for equal states or documents. */
export function text(value: Comparable): string {
  return value === undefined ? 'absent' : canonicalText(JSON.parse(asItStands(value)))
}

/** States and documents are never changed, so each is written once. */
function asItStands(value: Comparable): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'absent'
  const known = texts.get(value)
  if (known !== undefined) return known
  const written = JSON.stringify(value)
  texts.set(value, written)
  return written
}

const texts = new WeakMap<object, string>()

/** As `expect(text(found)).toBe(text(expected))`, which takes most of its time for saying that it holds. */
export function expectSame(found: Comparable, expected: Comparable): void {
  // Most are in the same order, too.
  if (found === expected || asItStands(found) === asItStands(expected)) return
  const [is, should] = [text(found), text(expected)]
  if (is !== should) expect(is).toBe(should)
}

/** The state as it reads back from the form in which it is stored and travels. */
export function reread(state: CellsState | undefined): CellsState | undefined {
  const latest = { vector: {}, hlc: 0 }
  const table = new StampTableWriter(latest)
  const encoded = encodeState(state ?? null, table)
  const [shapes, stamps, cells] = JSON.parse(JSON.stringify([table.shapes, table.stamps(), encoded]))
  return decodeCells(cells, new StampTable(table.sites, latest, { shapes, stamps }))
}
