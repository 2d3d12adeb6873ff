/**
 * Sites that share one event log, apart from the flows: they write, decide and exchange deltas and whole states, in any
 * order. What a document type that decides may never do is asked of the states they reach.
 */
import type { Stamp } from '../../shared/causality/hybrid-logical-clock.ts'
import { advance, counterOf, joinVectors, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type EventLogDescriptor, eventLog, home } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import { type EventBook, emptyEventBook, eventBookType } from '../../shared/resolve/event-log-book.ts'
import type { CellsState, TakingOver, Touched } from '../../shared/resolve/merge-type.ts'
import { documentTypeOf } from '../../shared/resolve/merge-type-of.ts'
import { createRecordType, type RecordType } from '../../shared/resolve/record-type.ts'
import { admissible, type Delta, nothing, type Snapshot } from './history.ts'

export const logSites = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

/** Few statuses and many ways, so that most pairs of steps are in each other's way. */
const machine = {
  initial: 'open',
  transitions: { open: ['a', 'b'], a: ['b', 'c'], b: ['c', 'open'], c: ['c', 'a'] },
}

export const statuses = [...Object.keys(machine.transitions), 'unknown'] as const

export const optimistic = eventLog(machine, { status: 'status', settled: 'settled', decide: home({ at: logSites[1] }) })
/** Events by entries, and a status that does not wait for the home. */
export const both = eventLog(machine, {
  status: 'status',
  settled: 'settled',
  entries: 'events',
  decide: home({ at: logSites[1] }),
})
export const strict = eventLog(machine, { status: 'status', entries: 'events', decide: home({ at: logSites[1] }) })

export interface LogReplica extends Snapshot {
  readonly site: string
  readonly hlc: number
}

export interface LogWrite {
  readonly site: string
  readonly before: Snapshot
  readonly after: Snapshot
  readonly touched: Touched
}

export class LogWorld {
  readonly type: RecordType
  readonly replicas: LogReplica[] = logSites.map(site => ({ site, ...nothing, hlc: 0 }))
  /** Every state that any site was ever in. */
  readonly snapshots: Snapshot[] = [nothing]
  readonly writes: LogWrite[] = []
  readonly #descriptor: EventLogDescriptor
  readonly #key: readonly string[] = ['k']

  constructor(descriptor: EventLogDescriptor) {
    this.#descriptor = descriptor
    this.type = createRecordType(documentTypeOf(descriptor, logSites))
  }

  /** One that goes on alone from here. */
  copy(): LogWorld {
    const copy = new LogWorld(this.#descriptor)
    copy.replicas.splice(0, Infinity, ...this.replicas)
    copy.snapshots.splice(0, Infinity, ...this.snapshots)
    copy.writes.push(...this.writes)
    return copy
  }

  view({ state }: Snapshot): Document | undefined {
    return this.type.view(state)
  }

  join(a: Snapshot, b: Snapshot): Snapshot {
    return { state: this.#joined(a, b, true), vector: joinVectors(a.vector, b.vector) }
  }

  receive(into: Snapshot, delta: Delta): Snapshot {
    return { state: this.#joined(into, delta, false), vector: joinVectors(into.vector, delta.vector) }
  }

  deltaOf({ site, before, after, touched }: LogWrite): Delta {
    const state = after.state && this.type.cut(after.state, touched)
    return {
      site,
      from: counterOf(before.vector, site),
      to: counterOf(after.vector, site),
      vector: after.vector,
      state,
    }
  }

  at(index: number): LogReplica {
    const replica = this.replicas[index % this.replicas.length]
    if (!replica) throw new RangeError(`no site ${index}`)
    return replica
  }

  /** The application leaves this document; then the site decides, as in every commit. */
  write(index: number, document: Document | undefined, clock: number, taking?: TakingOver): void {
    const replica = this.at(index)
    const stamp = stampAfter(replica, clock)
    const written = this.type.write(replica.state, this.view(replica), document, stamp)
    if (written) this.#commit(replica, written, stamp)
    this.decide(index, taking)
  }

  /** False: there was nothing to decide. */
  decide(index: number, taking?: TakingOver): boolean {
    const replica = this.at(index)
    const stamp = stampAfter(replica, 0)
    const decision = { site: replica.site, key: this.#key, nowMs: 0, stamp, taking }
    const decided = this.type.decide(replica.state, decision)
    if (decided) this.#commit(replica, decided, stamp)
    return decided !== undefined
  }

  sendWhole(from: Snapshot & { readonly hlc?: number }, to: number): void {
    const replica = this.at(to)
    this.#set({ ...replica, ...this.join(replica, from), hlc: Math.max(from.hlc ?? 0, replica.hlc) })
    this.decide(to)
  }

  /** The oldest write of `from` that `to` misses, where it is admissible. */
  sendDelta(from: number, to: number): void {
    const [source, target] = [this.at(from), this.at(to)]
    const next = this.writes.find(
      write =>
        write.site === source.site && counterOf(write.after.vector, write.site) > counterOf(target.vector, write.site),
    )
    const delta = next && admissible(target.vector, this.deltaOf(next))
    if (!delta) return
    this.#set({ ...target, ...this.receive(target, delta), hlc: Math.max(source.hlc, target.hlc) })
    this.decide(to)
  }

  /** Everything travels until nothing is left to decide; the state that is then everybody's. */
  rest(): Snapshot {
    for (let round = 0; round < 20; round++) {
      const before = this.writes.length
      for (const from of this.replicas.keys()) for (const to of this.replicas.keys()) this.sendWhole(this.at(from), to)
      if (this.writes.length === before) return this.at(0)
    }
    throw new Error('the sites go on deciding for ever')
  }

  #commit(replica: LogReplica, { state, touched }: { state: CellsState | undefined; touched: Touched }, stamp: Stamp) {
    const after = { state, vector: advance(replica.vector, [replica.site, stamp.counter]) }
    this.writes.push({ site: replica.site, before: replica, after, touched })
    this.#set({ ...replica, ...after, hlc: stamp.hlc })
  }

  #set(replica: LogReplica): void {
    this.replicas[this.replicas.findIndex(({ site }) => site === replica.site)] = replica
    this.snapshots.push({ state: replica.state, vector: replica.vector })
  }

  #joined(a: Snapshot, b: Snapshot, whole: boolean): CellsState | undefined {
    return this.type.join(a.state, b.state, {
      a: { seen: a.vector, whole: true },
      b: { seen: b.vector, whole },
      path: [],
      report: () => undefined,
    })
  }
}

function stampAfter({ site, vector, hlc }: LogReplica, clock: number): Stamp {
  return { site, counter: counterOf(vector, site) + 1, hlc: Math.max(clock, hlc + 1) }
}

/** What a record remembers of its log. */
export function bookOf({
  state,
}: {
  readonly state: CellsState | undefined
  readonly vector?: VersionVector
}): EventBook {
  const document = state?.cells.get('document')
  const cell = document && 'cells' in document ? document.cells.get('book') : undefined
  return cell && 'lattice' in cell ? eventBookType.read(cell) : emptyEventBook
}
