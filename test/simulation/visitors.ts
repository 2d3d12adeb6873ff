/**
 * What applications do to documents that expire: begin sessions, prolong and end them, at leisure and in the seconds
 * around the expiry, also where the store is late and the expired document still stands.
 */
import type { Document, Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { addItem, emptyCart, noteItem, removeItem } from './cart-edits.ts'
import { expiresAtMs } from './expires-at.ts'
import { hourMs } from './prune-all.ts'
import type { Random } from './random.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

const skus = ['tea', 'mug'] as const

const sessions: readonly RecordRef[] = ['s1', 's2'].map(key => ({ type: 'sessions', key: [key] }))
const baskets: readonly RecordRef[] = ['s1', 's2'].map(key => ({ type: 'baskets', key: [key] }))

/** How far ahead of now an expiry is set, in seconds; some are over when they are written. */
const shortS = [-1, 0, 1, 2, 3, 5, 8] as const
const longS = [60, 3600, (24 * hourMs) / 1000, (1000 * 24 * hourMs) / 1000] as const

/** How long before and after the expiry of a document most is written to it. */
const beforeMs = 4000
const afterMs = 2000

type Edit = (document: Document | undefined) => Document | undefined

interface Habit {
  readonly weight: number
  readonly edit: (ref: RecordRef) => Edit
}

export class Visitors {
  readonly #world: World
  readonly #random: Random
  readonly #sites: readonly SimulatedSite[]
  readonly #refs: readonly RecordRef[]
  readonly #habits: readonly Habit[]
  /** How often what is written is written around an expiry. */
  readonly #rush: number
  /** How often an expiry is set to be over soon. */
  readonly #haste: number
  readonly #increments = new Map<string, number>()
  #texts = 0

  constructor(world: World, sites: readonly SimulatedSite[]) {
    this.#world = world
    this.#random = world.random
    this.#sites = sites
    const { random } = world
    this.#refs = [...sessions.slice(0, random.between(1, 2)), ...baskets.slice(0, random.between(1, 2))]
    this.#rush = random.next()
    this.#haste = random.next()
    this.#habits = this.#drawHabits()
  }

  /** One write at a site, now or around the next expiry there. */
  act(site: SimulatedSite): void {
    const ref = this.#random.pick(this.#refs)
    const edit = this.#pickEdit()(ref)
    const leftMs = (expiresAtMs(site.database.document(ref)) ?? Number.POSITIVE_INFINITY) - this.#world.nowMs
    const isNear = leftMs < 2 * beforeMs && leftMs > -afterMs
    if (!isNear || !this.#random.chance(this.#rush)) this.#write(site, ref, edit)
    else {
      const delayMs = Math.max(0, leftMs + this.#random.between(-beforeMs, afterMs))
      this.#world.after(delayMs, () => this.#write(this.#random.pick(this.#sites), ref, edit))
    }
  }

  #drawHabits(): readonly Habit[] {
    const changing = (change: (document: Document, ref: RecordRef) => Document) => (ref: RecordRef) => {
      return (document: Document | undefined) => document && change(document, ref)
    }
    const edits: readonly Habit['edit'][] = [
      // Begun anew, whatever stands there.
      ref => () => this.#begun(ref),
      // Begun where nothing is, else prolonged.
      ref => document => (document ? { ...document, until: this.#until() } : this.#begun(ref)),
      changing(document => ({ ...document, until: this.#until() })),
      changing(document => ({ ...document, until: 'for ever' })),
      changing(({ until: _, ...rest }) => rest),
      changing((document, ref) => this.#used(document, ref)),
      changing((document, ref) => ({ ...this.#used(document, ref), until: this.#until() })),
      ref => document => this.#used(document ?? this.#begun(ref), ref),
      changing((document, { type }) => (type === 'baskets' ? removeItem(document, this.#random.pick(skus)) : document)),
      () => () => undefined,
    ]
    return edits.map(edit => ({ edit, weight: this.#random.next() ** 3 }))
  }

  #pickEdit(): Habit['edit'] {
    let ticket = this.#random.next() * this.#habits.reduce((sum, { weight }) => sum + weight, 0)
    for (const { weight, edit } of this.#habits) {
      ticket -= weight
      if (ticket <= 0) return edit
    }
    return () => () => undefined
  }

  #until(): number {
    const aheadS = this.#random.pick(this.#random.chance(this.#haste) ? shortS : longS)
    return Math.floor(this.#world.nowMs / 1000) + aheadS
  }

  #begun(ref: RecordRef): Document {
    const until = this.#until()
    if (ref.type === 'sessions') return { user: this.#text(), page: this.#text(), until }
    return { ...addItem(emptyCart(), this.#random.pick(skus), this.#power(ref)), until }
  }

  #used(document: Document, ref: RecordRef): Document {
    const sku = this.#random.pick(skus)
    const kind = this.#random.pick(['amount', 'amount', 'note', 'field'] as const)
    const text: Json = this.#text()
    if (ref.type === 'sessions') return { ...document, page: text }
    if (kind === 'amount') return addItem(document, sku, this.#power(ref))
    return kind === 'note' ? noteItem(document, sku, text) : { ...document, currency: text }
  }

  #write(site: SimulatedSite, ref: RecordRef, edit: Edit): void {
    try {
      site.database.write(ref, edit)
    } catch {
      // In a transaction: an SDK tries again.
      this.#world.after(this.#random.between(5, 40), () => this.#write(site, ref, edit))
    }
  }

  #power({ key }: RecordRef): number {
    const name = key.join()
    const count = this.#increments.get(name) ?? 0
    this.#increments.set(name, count + 1)
    if (count > 51) throw new Error('more increments than a double has bits')
    return 2 ** count
  }

  #text(): string {
    return `v${++this.#texts}`
  }
}
