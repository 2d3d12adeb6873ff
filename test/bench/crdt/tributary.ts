/**
 * Our merge types by themselves: a record's state in memory, every edit a captured write with a stamp of its own, one
 * delta of all of them. What travels and what is stored is what a change and a sync record hold of it.
 */
import type { SiteId } from '../../../shared/causality/dot.ts'
import { type Hlc, tick } from '../../../shared/causality/hybrid-logical-clock.ts'
import { advance, counterOf, joinVectors, type VersionVector } from '../../../shared/causality/version-vector.ts'
import type { MergeDescriptor } from '../../../shared/declare/merge-descriptor.ts'
import { counter, fields, set } from '../../../shared/declare/merge-descriptor.ts'
import { documentHash } from '../../../shared/document/canonical.ts'
import { type Document, isJsonObject, type Json } from '../../../shared/document/json.ts'
import { packRecord } from '../../../shared/replicate/packed-record.ts'
import { decodeRecord, encodeRecord, noRecord } from '../../../shared/replicate/sync-record.ts'
import type { CellsState, Joining, Touched } from '../../../shared/resolve/merge-type.ts'
import { mergeTypeOf } from '../../../shared/resolve/merge-type-of.ts'
import { createRecordType, type RecordType } from '../../../shared/resolve/record-type.ts'
import { StampTable, StampTableWriter, vectorOf } from '../../../shared/resolve/stamp-table.ts'
import { decodeCells, encodeState } from '../../../shared/resolve/state-encoding.ts'
import { joinTouched } from '../../../shared/resolve/touched.ts'
import type { Cart, CartEdit, Model, Profile, ProfileEdit, Replica, System } from './system.ts'

const sites = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

/** Where clocks begin; stamps are as long as those of today. */
const startMs = Date.UTC(2026, 10, 20)
/** From one edit of a replica to the next. */
const editEveryMs = 7

/** As in the catalogue. */
const cartType = fields({ items: set(fields({ quantity: counter() })) })

const profileType = fields({
  name: fields(),
  address: fields({ geo: fields() }),
  preferences: fields({ notify: fields() }),
})

/** What is known of a record. */
interface Known {
  readonly state: CellsState | undefined
  readonly vector: VersionVector
  readonly hlc: Hlc
}

/** What a change holds for a merge; its address and its envelope are no part of one. */
type Delta = readonly [
  sites: readonly SiteId[],
  vector: readonly number[],
  hlc: Hlc,
  interval: readonly [from: number, to: number, seen: readonly number[]],
  shapes: readonly (readonly string[])[],
  stamps: readonly number[],
  state: Json,
]

/** The document after an edit; an application makes it. */
type Applied<Edit> = (document: Document, edit: Edit) => Document | undefined

class TributaryReplica<Edit> implements Replica<Edit> {
  readonly #type: RecordType
  readonly #site: SiteId
  readonly #opened: Known
  readonly #after: Applied<Edit>
  #known: Known
  #document: Document | undefined
  #touched: Touched | undefined
  #nowMs = startMs

  constructor(type: RecordType, site: SiteId, known: Known, after: Applied<Edit>) {
    this.#type = type
    this.#site = site
    this.#opened = known
    this.#known = known
    this.#after = after
    this.#document = type.view(known.state)
  }

  edit(edit: Edit): void {
    this.write(this.#after(this.read() ?? {}, edit))
  }

  write(document: Document | undefined): void {
    const { state, vector, hlc } = this.#known
    this.#nowMs += editEveryMs
    const stamp = {
      site: this.#site,
      counter: (counterOf(vector, this.#site) || this.#nowMs) + 1,
      hlc: tick(this.#nowMs, hlc),
    }
    const written = this.#type.write(state, this.#document, document, stamp)
    this.#document = document
    if (!written) return
    this.#known = { state: written.state, vector: advance(vector, [stamp.site, stamp.counter]), hlc: stamp.hlc }
    this.#touched = this.#touched === undefined ? written.touched : joinTouched(this.#touched, written.touched)
  }

  update(): Uint8Array {
    const { state, vector, hlc } = this.#known
    const table = new StampTableWriter({ vector, hlc })
    const counters = table.counters(vector)
    const seen = this.#opened.vector
    const [from, to] = [counterOf(seen, this.#site), counterOf(vector, this.#site)]
    const interval = [from, to, table.behind(seen)] as const
    const encoded = encodeState(state ? this.#type.cut(state, this.#touched ?? {}) : null, table)
    const delta: Delta = [table.sites, counters, hlc, interval, table.shapes, table.stamps(), encoded]
    return Buffer.from(JSON.stringify(delta))
  }

  apply(update: Uint8Array): void {
    const [names, counters, hlc, , shapes, stamps, encoded] = JSON.parse(Buffer.from(update).toString()) as Delta
    const vector = vectorOf(names, counters)
    const state = decodeCells(encoded, new StampTable(names, { vector, hlc }, { shapes, stamps }))
    if (state && !this.#type.isState(state)) throw new TypeError('a state of another type')
    const joining: Joining = {
      a: { seen: this.#known.vector, whole: true },
      b: { seen: vector, whole: false },
      path: [],
      report: () => undefined,
    }
    this.#known = {
      state: this.#type.join(this.#known.state, state, joining),
      vector: joinVectors(this.#known.vector, vector),
      hlc: Math.max(this.#known.hlc, hlc),
    }
    this.#document = undefined
  }

  read(): Document | undefined {
    this.#document ??= this.#type.view(this.#known.state)
    return this.#document
  }

  /** A whole sync record, but for what waits in it for a feed or for the audit store. */
  record(): string {
    const { state, vector, hlc } = this.#known
    return encodeRecord({ ...noRecord, state, vector, hlc, shadow: documentHash(this.read()) })
  }

  stored(): Uint8Array {
    return Buffer.from(packRecord(this.record()))
  }

  storedStateBytes(): number {
    const record = this.stored()
    return record.length - record.indexOf('\n'.charCodeAt(0)) - 1
  }

  close(): void {}
}

function createModel<Shape extends Document, Edit>(merge: MergeDescriptor, after: Applied<Edit>): Model<Shape, Edit> {
  const type = createRecordType(mergeTypeOf(merge))
  return {
    create(document) {
      const first = new TributaryReplica(type, sites[0], noRecord, after)
      first.write(document)
      return Buffer.from(first.record())
    },
    open(created, replica) {
      const { state, vector, hlc } = decodeRecord(Buffer.from(created).toString())
      return new TributaryReplica(type, sites[replica] ?? '', { state, vector, hlc }, after)
    },
  }
}

function cartAfter(cart: Document, edit: CartEdit): Document | undefined {
  if (edit.kind === 'delete') return undefined
  const { sku } = edit
  const items = part(cart, 'items')
  if (edit.kind === 'remove') {
    const { [sku]: _, ...others } = items
    return { ...cart, items: others }
  }
  return { ...cart, items: { ...items, [sku]: edit.kind === 'put' ? edit.line : lineAfter(part(items, sku), edit) } }
}

function lineAfter(line: Document, edit: CartEdit & { readonly kind: 'add' | 'note' }): Document {
  if (edit.kind === 'note') return { ...line, note: edit.note }
  return { ...line, quantity: Number(line.quantity ?? 0) + edit.amount }
}

function profileAfter(profile: Document, { path: [name = '', ...below], value }: ProfileEdit): Document {
  if (below.length > 0) return { ...profile, [name]: profileAfter(part(profile, name), { path: below, value }) }
  if (value !== undefined) return { ...profile, [name]: value }
  const { [name]: _, ...others } = profile
  return others
}

function part(document: Document, name: string): Document {
  const value = document[name]
  return isJsonObject(value) ? value : {}
}

export const tributary: System = {
  name: 'Tributary',
  cart: createModel<Cart, CartEdit>(cartType, cartAfter),
  profile: createModel<Profile, ProfileEdit>(profileType, profileAfter),
}
