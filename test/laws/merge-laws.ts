/**
 * The laws of every merge type, asked of random histories (riak_dt: one type, one file, one laws suite). If one of them
 * fails, sites end up with different documents, or a write is lost, or what was captured reads differently.
 */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { textOfNumber } from '../../shared/document/portable-number.ts'
import { expectSame, historyLaws, lawsOf, numRuns, text } from './cases.ts'
import { applyEdit, editsOf } from './documents.ts'
import { asState, spoiled } from './garbage.ts'
import { History, nothing, plotsOf, type Snapshot, type Write } from './history.ts'
import { joinLaws } from './join-laws.ts'
import { descriptorAt, normal, partAt, partsOf, revived, withoutPart } from './removal.ts'

export function describeMergeLaws(
  name: string,
  descriptor: MergeDescriptor,
  arbitraryDocument: fc.Arbitrary<Document>,
  runs = numRuns,
): void {
  const plots = plotsOf(arbitraryDocument)
  const historyLaw = historyLaws(descriptor, plots, runs)

  describe(`the laws of ${name}`, () => {
    historyLaw('a captured document reads as it was written, whatever was concurrent (put-get)', history => {
      for (const { after, document } of history.writes) expectSame(history.view(after), document)
    })

    joinLaws(descriptor, historyLaw)

    historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
      const { state } = pick(history.snapshots)
      if (state === undefined) return
      expect(history.type.isState(asState(JSON.parse(JSON.stringify(state))))).toBe(true)
      const spoiledState = spoiled(state, pick)
      expect(history.type.isState(spoiledState), JSON.stringify(spoiledState)).toBe(false)
    })

    const meetingLaw = lawsOf(
      fc.record({ plot: plots, edit: editsOf(arbitraryDocument) }),
      ({ plot, edit }) => ({ history: new History(descriptor, plot), edit }),
      runs,
    )

    meetingLaw('a write concurrent to the removal of its document brings it back whole', ({ history, edit }) => {
      const { removed, written } = meet(descriptor, history, edit, () => undefined)
      if (!removed || !written || written.document === undefined) return
      for (const met of meetingsOf(history, removed, written)) {
        expectSame(history.view(met), written.document)
      }
    })

    meetingLaw('a write concurrent to the removal of what it touched is not lost', ({ history, edit }, pick) => {
      let path: readonly string[] = []
      const { base, removed, written } = meet(descriptor, history, edit, (document, fits) => {
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
        expectSame(normal(descriptor, others), rest)
      }
    })
  })
}

interface Meeting {
  readonly base: Document | undefined
  readonly removed: Write | undefined
  readonly written: Write | undefined
}

/** All sites agree; then one removes and another one writes, neither knowing of the other. */
function meet(
  descriptor: MergeDescriptor,
  history: History,
  edit: Parameters<typeof applyEdit>[2],
  remove: (document: Document, fits: (part: Json) => part is Document) => Document | undefined,
): Meeting {
  const hlc = Math.max(...history.replicas.map(replica => replica.hlc))
  const all = { ...history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing), hlc }
  const base = history.view(all)
  if (base === undefined) return { base, removed: undefined, written: undefined }
  const fits = (part: Json): part is Document => isJsonObject(part) && history.type.misfit(part) === undefined
  const removed = history.write({ ...all, site: 'remover' }, remove(base, fits))
  const written = history.write({ ...all, site: 'writer' }, applyEdit(descriptor, base, edit))
  return { base, removed, written }
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
