/** The laws of what is written once: writes that change it are no writes, and the first of concurrent ones stays. */
import { describe, expect } from 'vitest'
import { compareStamps } from '../../shared/causality/hybrid-logical-clock.ts'
import { appendOnly, fields } from '../../shared/declare/index.ts'
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import { expectSame, historyLaws, text } from './cases.ts'
import { names, objectOf, optional, texts, values } from './documents.ts'
import { spoiled } from './garbage.ts'
import { type History, nothing, plotsOf, type Snapshot, type Write } from './history.ts'
import { joinLaws } from './join-laws.ts'

const joined = (history: History) => history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)

/** The first of these writes by the order of stamps. */
function first(writes: readonly Write[]): Write | undefined {
  return writes.toSorted((a, b) => compareStamps(a.stamp, b.stamp))[0]
}

describe('the laws of an append-only document', () => {
  const descriptor = appendOnly()
  const plots = plotsOf(objectOf(names, values))
  const historyLaw = historyLaws(descriptor, plots)
  joinLaws(descriptor, historyLaw)

  historyLaw('it reads as it was created, whatever is written or deleted afterwards', history => {
    for (const { before, after, document } of history.writes) {
      expectSame(history.view(after), history.view(before) ?? document)
    }
  })

  historyLaw('of all creations the first stays, everywhere', history => {
    const creations = history.writes.filter(({ before }) => history.view(before) === undefined)
    expectSame(history.view(joined(history)), first(creations)?.document)
  })

  historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
    const { state } = pick(history.snapshots)
    if (state !== undefined) expect(history.type.isState(spoiled(state, pick))).toBe(false)
  })
})

describe('the laws of append-only entries', () => {
  const descriptor = fields({ log: appendOnly() })
  const plots = plotsOf(optional({ log: objectOf(names, values), note: texts }))
  const historyLaw = historyLaws(descriptor, plots)
  joinLaws(descriptor, historyLaw)

  const entriesOf = (document: Document | undefined): ReadonlyMap<string, Json> =>
    new Map(Object.entries(isJsonObject(document?.log) ? document.log : {}))

  historyLaw('entries are added and read as they were, and all else reads as it was written', history => {
    for (const { before, after, document } of history.writes) {
      const view = history.view(after)
      const was = history.view(before)
      expect(view === undefined).toBe(document === undefined)
      if (document === undefined || view === undefined) continue
      expect(view.note).toEqual(document.note)
      const expected = Object.fromEntries([...entriesOf(document), ...entriesOf(was)])
      expectSame(Object.fromEntries(entriesOf(view)), expected)
    }
  })

  historyLaw(
    'of all writes of an entry the first stays, everywhere, as long as nobody deletes the document',
    history => {
      if (history.writes.some(({ document }) => document === undefined)) return
      const added = (id: string) => (write: Write) =>
        entriesOf(write.document).has(id) && !entriesOf(history.view(write.before)).has(id)
      const ids = new Set(history.writes.flatMap(({ document }) => [...entriesOf(document).keys()]))
      const shown = entriesOf(history.view(joined(history)))
      expect([...shown.keys()].sort()).toEqual([...ids].sort())
      for (const id of ids) {
        const entry = entriesOf(first(history.writes.filter(added(id)))?.document).get(id)
        expect(text(shown.get(id)), id).toBe(text(entry))
      }
    },
  )

  historyLaw('a state that is spoiled anywhere is not recognised', (history, pick) => {
    const { state } = pick(history.snapshots)
    if (state !== undefined) expect(history.type.isState(spoiled(state, pick))).toBe(false)
  })
})
