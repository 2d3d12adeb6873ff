/**
 * A cell that is joined as a whole and never seen by an application: whatever Tributary itself has to remember beside a
 * document's own cells, such as verdicts. It outlives every deletion of the document, and no write removes it.
 */
import type { Json } from '../document/json.ts'
import type { LatticeState, MergeType } from './merge-type.ts'

export interface LatticeOptions<Value> {
  /** Commutative, associative, idempotent. */
  readonly join: (a: Value, b: Value) => Value
  /** Checks what came from outside. */
  readonly isValue: (value: unknown) => value is Value
}

export interface Lattice<Value> extends MergeType<LatticeState> {
  read(state: LatticeState): Value
  state(value: Value): LatticeState
}

export function createLattice<Value>({ join, isValue }: LatticeOptions<Value>): Lattice<Value> {
  // What is in a record was checked when it came, or was made here.
  const read = ({ lattice }: LatticeState) => lattice as Value
  const state = (value: Value): LatticeState => ({ lattice: value as Json })
  return {
    read,
    state,
    misfit: (_, path) => ({ path, reason: 'no document holds this' }),
    write: () => undefined,
    hide: () => undefined,
    cut: cell => cell,
    join(a, b) {
      if (a === undefined || b === undefined) return a ?? b
      return state(join(read(a), read(b)))
    },
    view: () => undefined,
    isState: (value): value is LatticeState =>
      typeof value === 'object' && value !== null && 'lattice' in value && isValue(value.lattice),
  }
}
