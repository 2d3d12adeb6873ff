/** How a new site may get everything: in any admissible order, some of it twice. */
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { Pick } from './cases.ts'
import { admissible, type Delta, nothing, type Snapshot } from './history.ts'

export interface Delivered<Write> {
  /** Every state that any site was ever in. */
  readonly snapshots: readonly Snapshot[]
  readonly writes: readonly Write[]
  deltaOf(write: Write): Delta
  join(a: Snapshot, b: Snapshot): Snapshot
  receive(into: Snapshot, delta: Delta): Snapshot
}

/** Every write comes as a delta, and some whole states do. */
export function deliverAll<Write>(from: Delivered<Write>, pick: Pick): Snapshot {
  const deltas = from.writes.map(write => from.deltaOf(write))
  let reached: Snapshot = nothing
  const isNew = ({ site, to }: Delta) => to > counterOf(reached.vector, site)
  for (let left = deltas; left.length > 0; left = left.filter(isNew)) {
    if (pick([true, false, false, false])) reached = from.join(reached, pick(from.snapshots))
    else reached = from.receive(reached, pick(left.filter(delta => admissible(reached.vector, delta))))
    const known = deltas.filter(delta => !isNew(delta))
    if (known.length > 0 && pick([true, false, false])) reached = from.receive(reached, pick(known))
  }
  return reached
}
