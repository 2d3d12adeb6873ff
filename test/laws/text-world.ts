/**
 * Sites that write one text, apart from the flows: they edit, decide and exchange deltas and whole states, in any order.
 * Each sees the text in its own way, as its own edits show before they are fixed.
 */
import type { Stamp } from '../../shared/causality/hybrid-logical-clock.ts'
import { advance, counterOf, joinVectors } from '../../shared/causality/version-vector.ts'
import { home, type TextDescriptor, text } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import type { CellsState, TakingOver, Touched } from '../../shared/resolve/merge-type.ts'
import { documentTypeOf } from '../../shared/resolve/merge-type-of.ts'
import { createRecordType, type RecordType } from '../../shared/resolve/record-type.ts'
import type { TextBook } from '../../shared/resolve/text-book.ts'
import { createLives } from '../../shared/resolve/text-lives.ts'
import { joinTouched } from '../../shared/resolve/touched.ts'
import { admissible, type Delta, nothing, type Snapshot } from './history.ts'

export const textSites = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

const twoTexts = text({ field: ['body', 'abstract'], decide: home({ at: textSites[1] }) })

export interface TextReplica extends Snapshot {
  readonly site: string
  readonly hlc: number
}

export interface TextWrite {
  readonly site: string
  readonly before: Snapshot
  readonly after: Snapshot
  readonly touched: Touched
}

export class TextWorld {
  readonly replicas: TextReplica[] = textSites.map(site => ({ site, ...nothing, hlc: 0 }))
  /** Every state that any site was ever in. */
  readonly snapshots: Snapshot[] = [nothing]
  readonly writes: TextWrite[] = []
  readonly #descriptor: TextDescriptor
  readonly #types: readonly RecordType[]

  constructor(descriptor: TextDescriptor = twoTexts) {
    this.#descriptor = descriptor
    this.#types = textSites.map(site => createRecordType(documentTypeOf(descriptor, textSites, {}, site)))
  }

  /** One that goes on alone from here. */
  copy(): TextWorld {
    const copy = new TextWorld(this.#descriptor)
    copy.replicas.splice(0, Infinity, ...this.replicas)
    copy.snapshots.splice(0, Infinity, ...this.snapshots)
    copy.writes.push(...this.writes)
    return copy
  }

  /** What it means to all of them alike. */
  get type(): RecordType {
    return this.typeAt(0)
  }

  typeAt(index: number): RecordType {
    return this.#types[index % this.#types.length] ?? this.type
  }

  at(index: number): TextReplica {
    const replica = this.replicas[index % this.replicas.length]
    if (!replica) throw new RangeError(`no site ${index}`)
    return replica
  }

  view(index: number): Document | undefined {
    return this.typeAt(index).view(this.at(index).state)
  }

  join(a: Snapshot, b: Snapshot): Snapshot {
    return { state: this.#joined(a, b, true), vector: joinVectors(a.vector, b.vector) }
  }

  receive(into: Snapshot, delta: Delta): Snapshot {
    return { state: this.#joined(into, delta, false), vector: joinVectors(into.vector, delta.vector) }
  }

  deltaOf({ site, before, after, touched }: TextWrite): Delta {
    const from = counterOf(before.vector, site)
    const state = after.state && this.type.cut(after.state, touched)
    return { site, from, to: counterOf(after.vector, site), vector: after.vector, state }
  }

  /** The application leaves this document. Returns what the site makes of it before it decides anything. */
  write(index: number, document: Document | undefined): Document | undefined {
    const replica = this.at(index)
    const stamp = stampAfter(replica)
    const written = this.typeAt(index).write(replica.state, this.view(index), document, stamp)
    if (written) this.#commit(replica, written, stamp)
    return this.view(index)
  }

  /** As in every commit. False: there was nothing to decide. */
  decide(index: number, taking?: TakingOver): boolean {
    const replica = this.at(index)
    const stamp = stampAfter(replica)
    const decided = this.typeAt(index).decide(replica.state, {
      site: replica.site,
      key: ['k'],
      nowMs: 0,
      stamp,
      taking,
    })
    if (decided) this.#commit(replica, decided, stamp)
    return decided !== undefined
  }

  sendWhole(from: number, to: number): void {
    const [source, target] = [this.at(from), this.at(to)]
    this.#set({ ...target, ...this.join(target, source), hlc: Math.max(source.hlc, target.hlc) })
    this.decide(to)
  }

  /** The oldest write of `from` that `to` misses, or late all that it misses, cut from the present state. */
  sendDelta(from: number, to: number, when: 'at once' | 'late'): void {
    const [source, target] = [this.at(from), this.at(to)]
    const missed = this.writes.filter(
      ({ site, after }) => site === source.site && counterOf(after.vector, site) > counterOf(target.vector, site),
    )
    const [oldest] = missed
    if (!oldest) return
    const sent =
      when === 'at once'
        ? this.deltaOf(oldest)
        : this.deltaOf({ ...oldest, after: source, touched: missed.map(({ touched }) => touched).reduce(joinTouched) })
    const delta = admissible(target.vector, sent)
    if (!delta) return
    this.#set({ ...target, ...this.receive(target, delta), hlc: Math.max(source.hlc, target.hlc) })
    this.decide(to)
  }

  /** The site forgets a deleted document and keeps what it has seen. */
  strip(index: number): void {
    this.#set({ ...this.at(index), state: undefined })
  }

  /** For long runs: from here on only whole states can be sent. */
  forgetHistory(): void {
    this.snapshots.splice(0)
    this.writes.splice(0)
  }

  /** Everything travels until nothing is left to decide; the state that is then everybody's. */
  rest(): Snapshot {
    for (let round = 0; round < 30; round++) {
      const before = this.writes.length
      for (const from of this.replicas.keys()) for (const to of this.replicas.keys()) this.sendWhole(from, to)
      if (this.writes.length === before) return this.at(0)
    }
    throw new Error('the sites go on deciding for ever')
  }

  #commit(replica: TextReplica, { state, touched }: { state: CellsState | undefined; touched: Touched }, stamp: Stamp) {
    const after = { state, vector: advance(replica.vector, [replica.site, stamp.counter]) }
    this.writes.push({ site: replica.site, before: replica, after, touched })
    this.#set({ ...replica, ...after, hlc: stamp.hlc })
  }

  #set(replica: TextReplica): void {
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

function stampAfter({ site, vector, hlc }: TextReplica): Stamp {
  return { site, counter: counterOf(vector, site) + 1, hlc: hlc + 1 }
}

/** What a record remembers of its texts, one for each that was begun without knowing of another. */
export function textBooks({ state }: Pick<Snapshot, 'state'>): readonly TextBook[] {
  const document = state?.cells.get('document')
  const lives = document && 'cells' in document ? document.cells.get('book') : undefined
  return lives
    ? createLives(textSites)
        .read(lives)
        .map(([, { book }]) => book)
    : []
}
