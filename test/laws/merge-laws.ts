/**
 * The laws of every merge type, asked of random histories (riak_dt: one type, one file, one laws suite). If one of them
 * fails, sites end up with different documents, or a write is lost, or what was captured reads differently.
 *
 * LAW_RUNS sets the number of cases for each law (a long run: 10,000), LAW_SEED repeats a run.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { textOfNumber } from '../../shared/document/portable-number.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { applyEdit, editsOf } from './documents.ts'
import { spoiled } from './garbage.ts'
import { admissible, type Delta, History, nothing, plotsOf, type Snapshot, type Write } from './history.ts'
import { descriptorAt, normal, partAt, partsOf, revived, withoutPart } from './removal.ts'

const numRuns = Number(process.env.LAW_RUNS ?? (process.env.TRIBUTARY_LONG === '1' ? 10_000 : 1_000))
const seed = process.env.LAW_SEED

const timeoutMs = 30_000 + numRuns * 60

export function describeMergeLaws(
  name: string,
  descriptor: MergeDescriptor,
  arbitraryDocument: fc.Arbitrary<Document>,
): void {
  const plots = plotsOf(arbitraryDocument)
  const numbers = fc.infiniteStream(fc.nat(1_000_000))

  function law<Drawn>(title: string, arbitrary: fc.Arbitrary<Drawn>, check: (drawn: Drawn) => void): void {
    const options = seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) }
    it(title, { timeout: timeoutMs }, () => fc.assert(fc.property(arbitrary, check), options))
  }

  const historyLaw = (title: string, check: (history: History, pick: Pick) => void) =>
    law(title, fc.tuple(plots, numbers), ([plot, stream]) => {
      check(new History(descriptor, plot), picker(stream))
    })

  describe(`the laws of ${name}`, () => {
    historyLaw('a captured document reads as it was written, whatever was concurrent (put-get)', history => {
      for (const { after, document } of history.writes) expect(text(history.view(after))).toBe(text(document))
    })

    historyLaw('a delta does to the state before what the write did', history => {
      for (const write of history.writes) {
        const { state } = history.receive(write.before, history.deltaOf(write))
        expect(text(state)).toBe(text(write.after.state))
      }
    })

    historyLaw('a join is commutative', (history, pick) => {
      const [a, b] = [pick(history.snapshots), pick(history.snapshots)]
      expect(text(history.join(a, b).state)).toBe(text(history.join(b, a).state))
    })

    historyLaw('a join is associative', (history, pick) => {
      const [a, b, c] = [pick(history.snapshots), pick(history.snapshots), pick(history.snapshots)]
      const left = history.join(history.join(a, b), c)
      expect(text(left.state)).toBe(text(history.join(a, history.join(b, c)).state))
    })

    historyLaw('a join is idempotent: what has been taken in, whole or as a delta, changes nothing again', history => {
      const all = history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)
      for (const snapshot of history.snapshots) expect(text(history.join(all, snapshot).state)).toBe(text(all.state))
      for (const write of history.writes) {
        expect(text(history.receive(all, history.deltaOf(write)).state)).toBe(text(all.state))
      }
    })

    historyLaw('whatever arrives in whatever order, often or once, sites converge', (history, pick) => {
      const expected = history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)
      for (let site = 0; site < 2; site++) {
        const reached = deliverAll(history, pick)
        expect(text(reached.state)).toBe(text(expected.state))
        expect(text(history.view(reached))).toBe(text(history.view(expected)))
      }
    })

    law('states survive their encoding', plots, plot => {
      const plain = new History(descriptor, plot)
      const encoded = new History(descriptor, plot, throughJson)
      expect(encoded.snapshots.map(({ state }) => text(state))).toEqual(plain.snapshots.map(({ state }) => text(state)))
    })

    historyLaw('every state and every delta is recognised, encoded or not', history => {
      const reached = [...history.snapshots, ...history.writes.map(write => history.deltaOf(write))]
      for (const { state } of reached) {
        if (state === undefined) continue
        expect(history.type.isState(state)).toBe(true)
        expect(history.type.isState(throughJson(state))).toBe(true)
      }
    })

    historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
      const { state } = pick(history.snapshots)
      if (state === undefined) return
      const spoiledState = spoiled(state, pick)
      expect(history.type.isState(spoiledState), JSON.stringify(spoiledState)).toBe(false)
    })

    const meetings = fc.record({ plot: plots, edit: editsOf(arbitraryDocument), numbers })

    law('a write concurrent to the removal of its document brings it back whole', meetings, ({ plot, edit }) => {
      const { history, removed, written } = meet(descriptor, plot, edit, () => undefined)
      if (!removed || !written || written.document === undefined) return
      for (const met of meetingsOf(history, removed, written)) {
        expect(text(history.view(met))).toBe(text(written.document))
      }
    })

    law('a write concurrent to the removal of what it touched is not lost', meetings, ({ plot, edit, numbers }) => {
      const pick = picker(numbers)
      let path: readonly string[] = []
      const { history, base, removed, written } = meet(descriptor, plot, edit, (document, fits) => {
        const removable = partsOf(descriptor, document).filter(part => fits(withoutPart(descriptor, document, part)))
        if (removable.length === 0) return document
        path = pick(removable)
        const rest = withoutPart(descriptor, document, path)
        return fits(rest) ? rest : document
      })
      if (!removed || !written || written.document === undefined) return
      const part = (document: Document | undefined) => partAt(descriptor, document, path)
      if (part(written.document) === undefined) return
      const at = descriptorAt(descriptor, path)
      const expected = revived(at, part(base), part(written.document))
      const rest = normal(descriptor, withoutPart(descriptor, written.document, path))
      const difference = 1e-12 * Math.max(1, largestNumber(base), largestNumber(written.document))
      for (const met of meetingsOf(history, removed, written)) {
        const view = history.view(met)
        const left = part(view)
        const close = isClose(normal(at, left), normal(at, expected), difference)
        expect(close, `${text(left)} is left, expected ${text(expected)}`).toBe(true)
        const others = left === undefined ? view : withoutPart(descriptor, view, path)
        expect(text(normal(descriptor, others))).toBe(text(rest))
      }
    })
  })
}

type Pick = <Item>(items: readonly Item[]) => Item

/** Decisions that only the run itself can ask for, drawn all the same by fast-check. */
function picker(numbers: Iterator<number>): Pick {
  return items => {
    const item = items[Number(numbers.next().value) % items.length]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}

/** One text for equal states or documents. */
function text(value: CellsState | Document | Json | undefined): string {
  return value === undefined ? 'absent' : canonicalText(JSON.parse(JSON.stringify(value)))
}

function throughJson(state: CellsState | undefined): CellsState | undefined {
  return state && JSON.parse(JSON.stringify(state))
}

/** A new site gets every write as a delta and some whole states, in a random admissible order, some of it twice. */
function deliverAll(history: History, pick: Pick): Snapshot {
  const deltas = history.writes.map(write => history.deltaOf(write))
  let reached: Snapshot = nothing
  const isNew = ({ site, to }: Delta) => to > counterOf(reached.vector, site)
  for (let left = deltas; left.length > 0; left = left.filter(isNew)) {
    if (pick([true, false, false, false])) reached = history.join(reached, pick(history.snapshots))
    else reached = history.receive(reached, pick(left.filter(delta => admissible(reached.vector, delta))))
    const known = deltas.filter(delta => !isNew(delta))
    if (known.length > 0 && pick([true, false, false])) reached = history.receive(reached, pick(known))
  }
  return reached
}

interface Meeting {
  readonly history: History
  readonly base: Document | undefined
  readonly removed: Write | undefined
  readonly written: Write | undefined
}

/** All sites agree; then one removes and another one writes, neither knowing of the other. */
function meet(
  descriptor: MergeDescriptor,
  plot: ConstructorParameters<typeof History>[1],
  edit: Parameters<typeof applyEdit>[2],
  remove: (document: Document, fits: (part: Json) => part is Document) => Document | undefined,
): Meeting {
  const history = new History(descriptor, plot)
  const hlc = Math.max(...history.replicas.map(replica => replica.hlc))
  const all = { ...history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing), hlc }
  const base = history.view(all)
  if (base === undefined) return { history, base, removed: undefined, written: undefined }
  const fits = (part: Json): part is Document => isJsonObject(part) && history.type.misfit(part) === undefined
  const removed = history.write({ ...all, site: 'remover' }, remove(base, fits))
  const written = history.write({ ...all, site: 'writer' }, applyEdit(descriptor, base, edit))
  return { history, base, removed, written }
}

/** The two meet in all the ways there are. */
function meetingsOf(history: History, a: Write, b: Write): readonly Snapshot[] {
  return [
    history.join(a.after, b.after),
    history.receive(a.after, history.deltaOf(b)),
    history.receive(b.after, history.deltaOf(a)),
  ]
}

/** Equal, amounts up to what a double can say of sums of this size. */
function isClose(a: Json | undefined, b: Json | undefined, difference: number): boolean {
  const [x, y] = [textOfNumber(a), textOfNumber(b)]
  if (x !== undefined && y !== undefined) return Math.abs(Number(x) - Number(y)) <= difference
  if (!isJsonObject(a) || !isJsonObject(b)) return jsonEquals(a, b)
  const found = Object.keys(a)
  return (
    found.length === Object.keys(b).length &&
    found.every(name => Object.hasOwn(b, name) && isClose(a[name], b[name], difference))
  )
}

function largestNumber(value: Json | undefined): number {
  const number = textOfNumber(value)
  if (number !== undefined) return Math.abs(Number(number))
  if (typeof value !== 'object' || value === null) return 0
  return Math.max(0, ...Object.values<Json>(value).map(largestNumber))
}
