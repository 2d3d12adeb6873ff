/**
 * What applications do to documents with reservations: restock and correct, request, confirm, cancel, remove, ship; and
 * what they should not do: give verdicts themselves, ask again under a known id, change what was ruled upon.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { bookingsIn, holding, stockIn } from './booked.ts'
import { plan } from './catalogue.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

export const booked: readonly RecordRef[] = [
  ...['s1', 's2'].map(key => ({ type: 'seats', key: [key] })),
  { type: 'rooms', key: ['r1'] },
  { type: 'desks', key: ['d1'] },
]

/** Those that every site decides within its share: one that is shared out at once, one whose stock stays where it came in. */
export const shared: readonly RecordRef[] = [
  ...['a1', 'a2'].map(key => ({ type: 'stalls', key: [key] })),
  { type: 'booths', key: ['b1'] },
]

/** How far ahead of now a reservation expires, in seconds. */
const aheadS = [-1, 0, 1, 2, 4, 60] as const

const verdicts = ['accepted', 'rejected', 'confirmed', 'expired', 'confirming', 'no such word'] as const

/** So long is a moment in which several ask for the same thing. */
const togetherMs = 300

type Edit = (document: Document) => Document | undefined

interface Habit {
  readonly weight: number
  readonly edit: (site: SimulatedSite) => Edit
}

/** Others than the asking for something new, which is always there. */
export type Theme = readonly HabitName[]

export const themes: readonly Theme[] = [
  ['restock'],
  ['restock', 'ship'],
  ['restock', 'together'],
  ['restock', 'together', 'cancel'],
  ['restock', 'confirm', 'prolong'],
  ['correct', 'restock', 'remove'],
]

type HabitName =
  | 'together'
  | 'known'
  | 'restock'
  | 'correct'
  | 'cancel'
  | 'confirm'
  | 'again'
  | 'done'
  | 'rule'
  | 'unsay'
  | 'resize'
  | 'prolong'
  | 'note'
  | 'remove'
  | 'ship'
  | 'claim'
  | 'empty'

export interface ClerksOptions {
  /** Stock is taken away, and documents deleted, whatever is held. */
  readonly corrects?: boolean
  /** All write one record, and of these kinds of writes alone: for what needs several of a kind in a row. */
  readonly theme?: Theme
  /** Whenever everything has come to rest all sites are asked at once, for more than there is mostly. */
  readonly rushes?: boolean
}

export class BookingClerks {
  readonly #world: World
  /** Those that they write. */
  readonly refs: readonly RecordRef[]
  readonly #habits: readonly Habit[]
  readonly #corrects: boolean
  readonly #rushes: boolean
  /** How large a restock is: small ones are soon used up. */
  readonly #restockMax: number
  /** How often a reservation is made for a while only. */
  readonly #haste: number
  /** The only one that is written at; undefined: any is. */
  readonly #onlyAt: SiteId | undefined
  #ids = 0

  constructor(
    world: World,
    refs: readonly RecordRef[],
    { corrects = true, theme, rushes = false }: ClerksOptions = {},
  ) {
    this.#world = world
    const { random } = world
    const first = random.between(0, refs.length - 1)
    this.refs = [...refs.slice(first), ...refs.slice(0, first)].slice(0, theme ? 1 : random.between(1, 3))
    this.#corrects = corrects
    this.#rushes = rushes
    this.#restockMax = random.pick(rushes ? [4, 8] : theme ? [1, 2, 3] : [3, 10, 30])
    this.#haste = random.next()
    this.#onlyAt = theme && random.chance(0.3) ? random.pick(plan.sites).id : undefined
    this.#habits = this.#drawHabits(theme)
  }

  /** One write, now, at one site. */
  act(site: SimulatedSite): void {
    if (this.#onlyAt !== undefined && site.id !== this.#onlyAt) return
    let ticket = this.#world.random.next() * this.#habits.reduce((sum, { weight }) => sum + weight, 0)
    const habit = this.#habits.find(({ weight }) => {
      ticket -= weight
      return ticket <= 0
    })
    if (habit) this.#write(site, this.#world.random.pick(this.refs), habit.edit(site))
  }

  /** Each for as much as may use up its rights before it can have heard of what the others accept. */
  rush(sites: readonly SimulatedSite[]): number {
    if (!this.#rushes) return 0
    const { random } = this.#world
    const ref = random.pick(this.refs)
    for (const site of sites) {
      const edits = Array.from({ length: random.between(2, 6) }, () => this.#requesting(`${site.id}-${++this.#ids}`))
      const all: Edit = document => edits.reduce<Document>((edited, edit) => edit(edited) ?? edited, document)
      this.#world.after(random.between(0, 20), () => this.#write(site, ref, all))
    }
    return sites.length
  }

  #drawHabits(theme: Theme | undefined): readonly Habit[] {
    const { random } = this.#world
    const edits: Readonly<Record<HabitName, Habit['edit']>> = {
      // The same id at several sites, or again at one; and a name that every object has.
      known: () => this.#requesting(random.pick(['x', 'y', 'constructor'])),
      restock: () => document => ({ ...document, on_hand: stockIn(document) + random.between(1, this.#restockMax) }),
      correct: () => document => this.#corrected(document),
      cancel: () => this.#saying('cancelled'),
      confirm: () => this.#saying('confirming'),
      again: () => this.#saying('requested'),
      done: () => this.#saying('done'),
      rule: () => this.#saying(random.pick(verdicts)),
      unsay: () => this.#changing(({ status: _, ...entry }) => entry),
      resize: () => this.#changing(entry => ({ ...entry, qty: random.between(1, 4) })),
      prolong: () => this.#changing(entry => ({ ...entry, until: this.#until() })),
      note: () => this.#changing(entry => ({ ...entry, note: random.between(1, 99) })),
      remove: () => this.#changing(() => undefined),
      ship: () => document => this.#shipped(document),
      claim: () => document => ({ ...document, available: random.between(-5, 50) }),
      empty: () => document => ({ on_hand: stockIn(document), reservations: {} }),
      // Who asks within the same moment asks for the same thing.
      together: () => this.#requesting(`at-${Math.floor(this.#world.nowMs / togetherMs)}`),
    }
    const asking: Habit = { weight: 1, edit: site => this.#requesting(`${site.id}-${++this.#ids}`) }
    if (theme) return [asking, ...theme.map(name => ({ edit: edits[name], weight: 1 }))]
    const { together: _, ...others } = edits
    return [
      asking,
      ...Object.values(others).map(edit => ({ edit, weight: random.next() ** 3 })),
      {
        weight: random.chance(0.15) ? random.next() * 0.3 : 0,
        edit: () => document => (this.#corrects ? undefined : document),
      },
    ]
  }

  #until(): number {
    return Math.floor(this.#world.nowMs / 1000) + this.#world.random.pick(aheadS)
  }

  #requesting(id: string): Edit {
    const { random } = this.#world
    const entry: Document = {
      qty: random.between(1, 4),
      ...(random.chance(0.8) && { status: 'requested' }),
      ...(random.chance(this.#haste) && { until: this.#until() }),
    }
    return document => withEntries(document, { ...entriesIn(document), [id]: entry })
  }

  #saying(status: string): Edit {
    return this.#changing(entry => ({ ...entry, status }))
  }

  /** Of one of the reservations; undefined: it is taken out. */
  #changing(change: (entry: Document) => Document | undefined): Edit {
    const choice = this.#world.random.next()
    return document => {
      const entries = Object.entries(entriesIn(document))
      const [id, entry] = entries[Math.floor(choice * entries.length)] ?? []
      if (id === undefined || !isJsonObject(entry)) return document
      const { [id]: _, ...others } = entriesIn(document)
      const changed = change(entry)
      return withEntries(document, changed ? { ...others, [id]: changed } : others)
    }
  }

  #corrected(document: Document): Document {
    const left = this.#world.random.between(-1, Math.max(0, stockIn(document)))
    return this.#corrects ? { ...document, on_hand: left } : document
  }

  /** What it held goes, and the stock with it. */
  #shipped(document: Document): Document {
    const held = [...bookingsIn(document)].filter(([, { status }]) => holding.has(status))
    const [id, booking] = held[Math.floor(this.#world.random.next() * held.length)] ?? []
    if (id === undefined || !booking) return document
    const entry = entriesIn(document)[id]
    const done = { ...(isJsonObject(entry) && entry), status: 'done' }
    const left = { ...document, on_hand: stockIn(document) - booking.quantity }
    return withEntries(left, { ...entriesIn(document), [id]: done })
  }

  #write(site: SimulatedSite, ref: RecordRef, edit: Edit): void {
    const { random } = this.#world
    try {
      site.database.write(ref, document => edit(document ?? { on_hand: random.between(0, this.#restockMax) }))
    } catch {
      // In a transaction: an SDK tries again.
      this.#world.after(random.between(5, 40), () => this.#write(site, ref, edit))
    }
  }
}

function entriesIn(document: Document): Document {
  return isJsonObject(document.reservations) ? document.reservations : {}
}

function withEntries(document: Document, entries: { readonly [id: string]: Json }): Document {
  return { ...document, reservations: entries }
}
