/**
 * How a law is asked: of so many random histories, each of which can ask for further random decisions while it runs.
 *
 * LAW_RUNS sets the number of cases for each law (a long run: 10,000), LAW_SEED repeats a run.
 */
import fc from 'fast-check'
import { it } from 'vitest'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { StampTable, StampTableWriter } from '../../shared/resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../../shared/resolve/state-encoding.ts'
import { History, type Plot } from './history.ts'

const numRuns = Number(process.env.LAW_RUNS ?? (process.env.TRIBUTARY_LONG === '1' ? 10_000 : 1_000))
const seed = process.env.LAW_SEED

const timeoutMs = 30_000 + numRuns * 60

export type Pick = <Item>(items: readonly Item[]) => Item

export const numbers = fc.infiniteStream(fc.nat(1_000_000))

export function law<Drawn>(title: string, arbitrary: fc.Arbitrary<Drawn>, check: (drawn: Drawn) => void): void {
  const options = seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) }
  it(title, { timeout: timeoutMs }, () => fc.assert(fc.property(arbitrary, check), options))
}

export type HistoryLaw = (title: string, check: (history: History, pick: Pick) => void) => void

export function historyLaws(descriptor: DocumentDescriptor, plots: fc.Arbitrary<Plot>): HistoryLaw {
  return (title, check) =>
    law(title, fc.tuple(plots, numbers), ([plot, stream]) => {
      check(new History(descriptor, plot), picker(stream))
    })
}

/** Decisions that only the run itself can ask for, drawn all the same by fast-check. */
export function picker(stream: Iterator<number>): Pick {
  return items => {
    const item = items[Number(stream.next().value) % items.length]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}

/** One text for equal states or documents. */
export function text(value: CellsState | Document | Json | undefined): string {
  return value === undefined ? 'absent' : canonicalText(JSON.parse(JSON.stringify(value)))
}

/** The state as it reads back from the form in which it is stored and travels. */
export function reread(state: CellsState | undefined): CellsState | undefined {
  const latest = { vector: {}, hlc: 0 }
  const table = new StampTableWriter(latest)
  const encoded = encodeState(state ?? null, table)
  const [shapes, stamps, cells] = JSON.parse(JSON.stringify([table.shapes, table.stamps(), encoded]))
  return decodeCells(cells, new StampTable(table.sites, latest, { shapes, stamps }))
}
