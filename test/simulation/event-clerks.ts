/**
 * What applications do to documents with event logs: say a status, add entries, several at once or one right after the
 * other; and what they should not do: settle a status themselves, change entries, take them away, give verdicts.
 */
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { eventLogOf } from './event-log-model.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

export const logged: readonly RecordRef[] = [
  ...['o1', 'o2'].map(key => ({ type: 'orders', key: [key] })),
  { type: 'tickets', key: ['t1'] },
  { type: 'payments', key: ['p1'] },
  { type: 'fees', key: ['f1'] },
]

/** Some steps are never legal, others only here and there. */
const words = ['new', 'approved', 'held', 'sent', 'sent', 'no such status'] as const
const verdicts = ['requested', 'accepted', 'rejected', 'no such word'] as const

/** So long is a moment in which several say something under one id. */
const togetherMs = 800

type Edit = (document: Document) => Document | undefined

interface Habit {
  readonly weight: number
  readonly edit: (ref: RecordRef, site: SimulatedSite) => Edit
}

export class EventClerks {
  readonly #world: World
  /** Those that they write. */
  readonly refs: readonly RecordRef[]
  readonly #habits: readonly Habit[]
  /** How often a second step follows the first before anybody can have looked. */
  readonly #haste: number
  #ids = 0

  constructor(world: World) {
    this.#world = world
    const { random } = world
    const first = random.between(0, logged.length - 1)
    const focused = random.chance(0.5)
    this.refs = [...logged.slice(first), ...logged.slice(0, first)].slice(0, focused ? 1 : random.between(1, 3))
    this.#haste = random.next() ** 2
    this.#habits = this.#drawHabits(focused)
  }

  /** One write, now, at one site; or two. */
  act(site: SimulatedSite): void {
    const { random } = this.#world
    const ref = random.pick(this.refs)
    this.#actOn(site, ref)
    if (random.chance(this.#haste)) this.#world.after(random.between(1, 20), () => this.#actOn(site, ref))
  }

  #actOn(site: SimulatedSite, ref: RecordRef): void {
    let ticket = this.#world.random.next() * this.#habits.reduce((sum, { weight }) => sum + weight, 0)
    const habit = this.#habits.find(({ weight }) => {
      ticket -= weight
      return ticket <= 0
    })
    if (habit) this.#write(site, ref, habit.edit(ref, site))
  }

  /** `focused`: all write one record, and little else than one or two kinds of writes, so that there are many in a row. */
  #drawHabits(focused: boolean): readonly Habit[] {
    const { random } = this.#world
    const saying = (ref: RecordRef, ids: readonly string[]): Edit => {
      const { entries } = eventLogOf(ref)
      const said = ids.map(id => [id, this.#entry()] as const)
      const status = random.pick(words)
      if (!entries) return document => ({ ...document, status })
      return document => ({ ...document, [entries.field]: { ...eventsIn(document), ...Object.fromEntries(said) } })
    }
    const edits: readonly Habit['edit'][] = [
      // The same id at several sites, or again at one; and a name that every object has.
      ref => saying(ref, [random.pick(['x', 'y', 'constructor'])]),
      (ref, { id }) =>
        saying(
          ref,
          [1, 2, 3].slice(random.between(0, 1)).map(() => `${id}-${++this.#ids}`),
        ),
      () => this.#changing(entry => ({ ...entry, to: random.pick(words) })),
      () => this.#changing(entry => ({ ...entry, status: random.pick(verdicts) })),
      () => this.#changing(entry => ({ ...entry, amount: random.between(1, 9) })),
      () => this.#changing(() => undefined),
      () => document => ({ ...document, note: random.between(1, 99) }),
      () => document => ({ ...document, settledStatus: random.pick(words) }),
      () => document => ({ ...document, status: random.pick(words) }),
      () =>
        ({ settledStatus: _, status: __, ...document }) =>
          document,
      () => document => ({ note: document.note ?? 0 }),
    ]
    return [
      { weight: 1, edit: (ref, { id }) => saying(ref, [`${id}-${++this.#ids}`]) },
      // Who says something within the same moment says it under the same id.
      {
        weight: focused && random.chance(0.5) ? 1 : 0,
        edit: ref => saying(ref, [`at-${Math.floor(this.#world.nowMs / togetherMs)}`]),
      },
      ...edits.map(edit => ({ edit, weight: focused ? Number(random.chance(0.1)) : random.next() ** 3 })),
      { weight: random.chance(0.15) ? random.next() * 0.3 : 0, edit: () => () => undefined },
    ]
  }

  #entry(): Document {
    const { random } = this.#world
    return {
      to: random.pick(words),
      ...(random.chance(0.8) && { status: 'requested' }),
      ...(random.chance(0.3) && { amount: random.between(1, 3) }),
    }
  }

  /** One of the entries; undefined: it is taken out. */
  #changing(change: (entry: Document) => Document | undefined): Edit {
    const choice = this.#world.random.next()
    return document => {
      const entries = Object.entries(eventsIn(document))
      const [id, entry] = entries[Math.floor(choice * entries.length)] ?? []
      if (id === undefined || !isJsonObject(entry)) return document
      const { [id]: _, ...others } = eventsIn(document)
      const changed = change(entry)
      return { ...document, events: changed ? { ...others, [id]: changed } : others }
    }
  }

  #write(site: SimulatedSite, ref: RecordRef, edit: Edit): void {
    try {
      site.database.write(ref, document => edit(document ?? {}))
    } catch {
      // In a transaction: an SDK tries again.
      this.#world.after(this.#world.random.between(5, 40), () => this.#write(site, ref, edit))
    }
  }
}

function eventsIn(document: Document): { readonly [id: string]: Json } {
  return isJsonObject(document.events) ? document.events : {}
}
