/** What holds for the states of every merge type, whatever they mean: deltas, joins, encodings. */
import { expect } from 'vitest'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { expectSame, type HistoryLaw, reread } from './cases.ts'
import { deliverAll } from './deliver-all.ts'
import { History, nothing, type Snapshot } from './history.ts'

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
    const states = reached.flatMap(({ state }) => state ?? [])
    const isState = (state: CellsState | undefined) => history.type.isState(state)
    expect(states.filter(state => !isState(state) || !isState(reread(state)))).toEqual([])
  })
}
