/**
 * A small model of replication, apart from the flows: sites write, and what they wrote travels as deltas (at once, late
 * and together) or as whole states, wherever it is admissible. The laws of the merge types are asked of what it reaches.
 */
import fc from 'fast-check'
import { baselineHlc, type Stamp } from '../../shared/causality/hybrid-logical-clock.ts'
import {
  advance,
  counterOf,
  emptyVector,
  includes,
  joinVectors,
  type VersionVector,
} from '../../shared/causality/version-vector.ts'
import { type DocumentDescriptor, joinedParts, type MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, jsonEquals } from '../../shared/document/json.ts'
import type { CellsState, TakingOver, Touched } from '../../shared/resolve/merge-type.ts'
import { documentTypeOf } from '../../shared/resolve/merge-type-of.ts'
import { createRecordType, type RecordType } from '../../shared/resolve/record-type.ts'
import { joinTouched } from '../../shared/resolve/touched.ts'
import { applyEdit, type Edit, editsOf } from './documents.ts'
import { resolvers } from './resolvers.ts'

/** A state and what it takes into account. */
export interface Snapshot {
  readonly state: CellsState | undefined
  readonly vector: VersionVector
}

/** One local write, with the record just before and just after it. */
export interface Write {
  readonly site: string
  readonly stamp: Stamp
  readonly before: Snapshot
  readonly after: Snapshot
  /** What the application left in its table. */
  readonly document: Document | undefined
  readonly touched: Touched
}

/** A delta on its way: the dots `(from, to]` of a site, built on everything else in `vector`. */
export interface Delta {
  readonly site: string
  readonly from: number
  readonly to: number
  readonly vector: VersionVector
  readonly state: CellsState | undefined
}

export type Action =
  | { readonly act: 'write'; readonly site: number; readonly clock: number; readonly edit: Edit }
  | { readonly act: 'delta' | 'late' | 'whole'; readonly from: number; readonly to: number }
  /** Becomes the home, for types that have one. */
  | { readonly act: 'claim'; readonly site: number }

export interface Plot {
  readonly sites: number
  readonly actions: readonly Action[]
}

export function plotsOf(documents: fc.Arbitrary<Document>, claims = false): fc.Arbitrary<Plot> {
  const site = fc.nat(3)
  const write = fc.record({ act: fc.constant('write' as const), site, clock: fc.nat(40), edit: editsOf(documents) })
  const send = (act: 'delta' | 'late' | 'whole') => fc.record({ act: fc.constant(act), from: site, to: site })
  const action = fc.oneof(
    { weight: 5, arbitrary: write },
    { weight: 3, arbitrary: send('delta') },
    { weight: 1, arbitrary: send('late') },
    { weight: 1, arbitrary: send('whole') },
    ...(claims ? [{ weight: 1, arbitrary: fc.record({ act: fc.constant('claim' as const), site }) }] : []),
  )
  // Something to disagree about comes first.
  return fc.record({
    sites: fc.integer({ min: 2, max: 4 }),
    actions: fc
      .tuple(write, fc.array(action, { minLength: 3, maxLength: 14 }))
      .map(([first, rest]) => [first, ...rest]),
  })
}

export interface Replica extends Snapshot {
  readonly site: string
  readonly hlc: number
}

export const nothing: Snapshot = { state: undefined, vector: emptyVector }

export class History {
  readonly type: RecordType
  readonly plot: Plot
  readonly writes: Write[] = []
  /** Every state that any site was ever in, nothing at all first. */
  readonly snapshots: Snapshot[] = [nothing]
  readonly #descriptor: MergeDescriptor
  readonly #replicas: Replica[] = []
  /** What a state goes through on its way into a store or to another site. */
  readonly #carry: (state: CellsState | undefined) => CellsState | undefined

  constructor(
    descriptor: DocumentDescriptor,
    plot: Plot,
    carry: (state: CellsState | undefined) => CellsState | undefined = state => state,
  ) {
    const sites = Array.from({ length: plot.sites }, (_, index) => `site-${index}`)
    this.type = createRecordType(documentTypeOf(descriptor, sites, resolvers))
    this.#descriptor = joinedParts(descriptor)
    this.#carry = carry
    this.plot = plot
    for (const site of sites) this.#replicas.push({ site, ...nothing, hlc: baselineHlc })
    for (const action of plot.actions) this.#take(action)
  }

  get replicas(): readonly Replica[] {
    return this.#replicas
  }

  view({ state }: Snapshot): Document | undefined {
    return this.type.view(state)
  }

  join(a: Snapshot, b: Snapshot): Snapshot {
    return { state: this.#joined(a, b, true), vector: joinVectors(a.vector, b.vector) }
  }

  /** A delta into a whole state, admissible or known already. */
  receive(into: Snapshot, delta: Delta): Snapshot {
    return { state: this.#joined(into, delta, false), vector: joinVectors(into.vector, delta.vector) }
  }

  deltaOf({ site, stamp, before, after, touched }: Write): Delta {
    return {
      site,
      from: counterOf(before.vector, site),
      to: stamp.counter,
      vector: after.vector,
      state: after.state && this.type.cut(after.state, touched),
    }
  }

  /** The application at `replica` leaves this document, by a clock that shows `clock`; undefined: nothing changed. */
  write(replica: Replica, document: Document | undefined, clock = 0): Write | undefined {
    const before = this.view(replica)
    if (jsonEquals(before, document)) return undefined
    const { site, vector } = replica
    const hlc = Math.max(clock, replica.hlc + 1)
    // As late as any clock may be, and often not at all.
    const stamp = { site, counter: counterOf(vector, site) + 1, hlc, late: Math.max(0, ((hlc * 37) % 200) - 100) }
    const written = this.type.write(replica.state, before, document, stamp)
    if (!written && !this.type.corrects) throw new Error('a document changed and nothing was written')
    const { state, touched } = written ?? { state: replica.state, touched: {} }
    const after = { state: this.#carry(state), vector: advance(vector, [site, stamp.counter]) }
    return { site, stamp, before: replica, after, document, touched }
  }

  /** What a site of a type that decides writes by itself; undefined: nothing is to be decided. */
  decide(replica: Replica, taking?: TakingOver): Write | undefined {
    const { site, vector, hlc } = replica
    const stamp = { site, counter: counterOf(vector, site) + 1, hlc: hlc + 1 }
    const decided = this.type.decide(replica.state, { site, key: ['one'], nowMs: hlc, stamp, taking })
    if (!decided) return undefined
    const after = { state: this.#carry(decided.state), vector: advance(vector, [site, stamp.counter]) }
    return { site, stamp, before: replica, after, document: this.view(after), touched: decided.touched }
  }

  #joined(a: Snapshot, b: Snapshot, whole: boolean): CellsState | undefined {
    return this.type.join(a.state, b.state, {
      a: { seen: a.vector, whole: true },
      b: { seen: b.vector, whole },
      path: [],
      report: () => undefined,
    })
  }

  #take(action: Action): void {
    if (action.act === 'write') this.#write(action)
    else if (action.act === 'claim') this.#decide(action.site % this.#replicas.length, true)
    else this.#send(action.act, action.from % this.#replicas.length, action.to % this.#replicas.length)
  }

  #write({ site, edit, clock }: Extract<Action, { act: 'write' }>): void {
    const index = site % this.#replicas.length
    const replica = this.#at(index)
    const document = applyEdit(this.#descriptor, this.view(replica), edit)
    if (document !== undefined && this.type.misfit(document) !== undefined) return
    this.#commit(index, this.write(replica, document, clock))
    this.#decide(index)
  }

  #commit(index: number, write: Write | undefined): void {
    if (!write) return
    this.writes.push(write)
    this.#set(index, { ...this.#at(index), ...write.after, hlc: write.stamp.hlc })
  }

  #decide(index: number, claims = false): void {
    const homes = this.#replicas.map(({ site }) => site).filter(site => site !== this.#at(index).site)
    this.#commit(index, this.decide(this.#at(index), claims ? { homes, turn: 1000 } : undefined))
  }

  #send(act: 'delta' | 'late' | 'whole', fromIndex: number, toIndex: number): void {
    if (fromIndex === toIndex) return
    const from = this.#at(fromIndex)
    const to = this.#at(toIndex)
    const delta = act === 'whole' ? undefined : this.#nextDelta(from, to, act)
    const carried = delta && { ...delta, state: this.#carry(delta.state) }
    const received = carried
      ? this.receive(to, carried)
      : this.join(to, { state: this.#carry(from.state), vector: from.vector })
    this.#set(toIndex, { ...to, ...received, state: this.#carry(received.state), hlc: Math.max(from.hlc, to.hlc) })
    this.#decide(toIndex)
  }

  /** The oldest write that `to` misses, or late all that it misses as they stand now; undefined: not admissible there. */
  #nextDelta(from: Replica, to: Replica, act: 'delta' | 'late'): Delta | undefined {
    const missed = this.writes.filter(
      ({ site, stamp }) => site === from.site && stamp.counter > counterOf(to.vector, site),
    )
    const [oldest] = missed
    if (!oldest) return undefined
    if (act === 'delta') return admissible(to.vector, this.deltaOf(oldest))
    const touched = missed.map(write => write.touched).reduce(joinTouched)
    return admissible(to.vector, {
      site: from.site,
      from: counterOf(oldest.before.vector, from.site),
      to: counterOf(from.vector, from.site),
      vector: from.vector,
      state: from.state && this.type.cut(from.state, touched),
    })
  }

  #at(index: number): Replica {
    const replica = this.#replicas[index]
    if (!replica) throw new RangeError(`no site ${index}`)
    return replica
  }

  #set(index: number, replica: Replica): void {
    this.#replicas[index] = replica
    this.snapshots.push({ state: replica.state, vector: replica.vector })
  }
}

export function admissible<Any extends Delta>(seen: VersionVector, delta: Any): Any | undefined {
  const { [delta.site]: _, ...others } = delta.vector
  return delta.from <= counterOf(seen, delta.site) && includes(seen, others) ? delta : undefined
}
