/** What holds for the states of every merge type, whatever they mean: deltas, joins, encodings. */
import { expect } from 'vitest'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { expectSame, type HistoryLaw, type Pick, reread } from './cases.ts'
import { admissible, type Delta, History, nothing, type Snapshot } from './history.ts'

export function joinLaws(descriptor: DocumentDescriptor, historyLaw: HistoryLaw): void {
  historyLaw('a delta does to the state before what the write did', history => {
    for (const write of history.writes) {
      const { state } = history.receive(write.before, history.deltaOf(write))
      expectSame(state, write.after.state)
    }
  })

  historyLaw('a join is commutative', (history, pick) => {
    const [a, b] = [pick(history.snapshots), pick(history.snapshots)]
    expectSame(history.join(a, b).state, history.join(b, a).state)
  })

  historyLaw('a join is associative', (history, pick) => {
    const [a, b, c] = [pick(history.snapshots), pick(history.snapshots), pick(history.snapshots)]
    const left = history.join(history.join(a, b), c)
    expectSame(left.state, history.join(a, history.join(b, c)).state)
  })

  historyLaw('a join is idempotent: what has been taken in, whole or as a delta, changes nothing again', history => {
    const all = history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)
    for (const snapshot of history.snapshots) expectSame(history.join(all, snapshot).state, all.state)
    for (const write of history.writes) {
      expectSame(history.receive(all, history.deltaOf(write)).state, all.state)
    }
  })

  historyLaw('whatever arrives in whatever order, often or once, sites converge', (history, pick) => {
    const expected = history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)
    for (let site = 0; site < 2; site++) {
      const reached = deliverAll(history, pick)
      expectSame(reached.state, expected.state)
      expectSame(history.view(reached), history.view(expected))
    }
  })

  historyLaw('states survive their encoding', history => {
    const encoded = new History(descriptor, history.plot, reread)
    expect(encoded.snapshots).toHaveLength(history.snapshots.length)
    for (const [index, { state }] of encoded.snapshots.entries()) expectSame(state, history.snapshots[index]?.state)
  })

  historyLaw('every state and every delta is recognised, encoded or not', history => {
    const reached = [...history.snapshots, ...history.writes.map(write => history.deltaOf(write))]
    for (const { state } of reached) {
      if (state === undefined) continue
      expect(history.type.isState(state)).toBe(true)
      expect(history.type.isState(reread(state))).toBe(true)
    }
  })
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
