/**
 * What applications do to documents of the types that have a plain model: begin, change, save whole, delete; and what they
 * should not do: write where another site has the say, change what is append-only.
 */
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Random } from './random.ts'
import type { Writers } from './run-records.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

type Edit = (document: Document | undefined) => Document | undefined
/** Makes a value as one site's application writes it. */
type Make = (site: SimulatedSite) => Json

interface Written {
  readonly ref: RecordRef
  /** Its fields; those of one value are always all there. */
  readonly fields: { readonly [name: string]: Make | { readonly [name: string]: Make } }
  /** One value: begun, saved and deleted as a whole. */
  readonly whole: boolean
}

export class TypeWriters implements Writers {
  readonly added = 0
  readonly #world: World
  readonly #random: Random
  readonly #some: readonly Written[]
  /** How often what is written is what others write as well. */
  readonly #agreeing: number
  /** How often a document is deleted, and begun where it stands already. */
  readonly #ending: number
  readonly #saving: number
  readonly #amounts = new Map<string, number>()
  #texts = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random
    const { random } = world
    const all = this.#catalogue()
    this.#some = Array.from({ length: random.between(1, 4) }, () => random.pick(all))
    this.#agreeing = random.pick([0, 0.2, 0.8])
    this.#ending = random.next() ** 2
    this.#saving = random.next()
  }

  act(site: SimulatedSite): void {
    const written = this.#random.pick(this.#some)
    const chance = this.#random.next()
    if (chance < this.#ending * 0.4) this.#write(site, written.ref, () => undefined)
    else this.#write(site, written.ref, this.#edit(written, site))
  }

  deleteSome(sites: readonly SimulatedSite[]): void {
    for (const { ref } of this.#some) {
      if (this.#random.chance(0.6)) this.#write(this.#random.pick(sites), ref, () => undefined)
    }
  }

  createOrDelete(site: SimulatedSite): void {
    const written = this.#random.pick(this.#some)
    if (this.#random.chance(0.4)) this.#write(site, written.ref, () => undefined)
    else this.#write(site, written.ref, this.#edit(written, site))
  }

  #edit(written: Written, site: SimulatedSite): Edit {
    const { random } = this.#world
    const { fields, whole, ref } = written
    if (ref.type === 'journals' && random.chance(0.7)) return this.#onJournal()
    if (ref.type === 'tickers') return this.#onTicker(site)
    const names = Object.keys(fields)
    const name = random.pick(names)
    const field = fields[name]
    const value = typeof field === 'function' ? field(site) : undefined
    const fresh = this.#document(written, site)
    if (random.chance(this.#saving * 0.5)) return () => fresh
    if (typeof field !== 'function') return this.#onPart(name, field ?? {}, site, fresh)
    const removes = !whole && ref.type !== 'levels' && random.chance(0.2)
    return document => {
      if (!document) return fresh
      if (!removes) return { ...document, [name]: value ?? null }
      const { [name]: _, ...rest } = document
      return rest
    }
  }

  #document({ fields, whole }: Written, site: SimulatedSite): Document {
    const document: Record<string, Json> = {}
    for (const [name, make] of Object.entries(fields)) {
      if (!whole && Object.keys(fields).length > 1 && this.#random.chance(0.4)) continue
      document[name] =
        typeof make === 'function'
          ? make(site)
          : Object.fromEntries(Object.entries(make).map(([part, makePart]) => [part, makePart(site)]))
    }
    return document
  }

  /** A field of an object in a document: changed, removed, or the whole of it. */
  #onPart(name: string, makes: { readonly [part: string]: Make }, site: SimulatedSite, fresh: Document): Edit {
    const { random } = this.#world
    const part = random.pick(Object.keys(makes))
    const value = makes[part]?.(site) ?? null
    const chance = random.next()
    return document => {
      if (!document) return fresh
      const { [name]: present, ...rest } = document
      if (chance < 0.15) return rest
      const { [part]: _, ...others } = isJsonObject(present) ? present : {}
      return { ...rest, [name]: chance < 0.3 ? others : { ...others, [part]: value } }
    }
  }

  /** Mostly new entries; at times what must not be done. */
  #onJournal(): Edit {
    const { random } = this.#world
    const id = random.pick(['a', 'b', 'constructor', this.#text()])
    const value = this.#value()
    const chance = random.next()
    return document => {
      const entries = isJsonObject(document?.entries) ? document.entries : {}
      if (document && chance < 0.1) {
        const { entries: _, ...rest } = document
        return rest
      }
      if (chance < 0.2) {
        const [, ...others] = Object.entries(entries)
        return { ...document, entries: Object.fromEntries(others) }
      }
      return { ...document, entries: { ...entries, [id]: value } }
    }
  }

  /** Quotes of several venues, some of them late; at times the name that is not theirs to write. */
  #onTicker(site: SimulatedSite): Edit {
    const { random, nowMs } = this.#world
    const venue = random.pick(['kraken', 'okx', 'elsewhere'])
    const name = random.pick([venue, `${venue} late`, 'constructor'])
    const behindMs = random.pick([0, 0, 500, 59_000, 61_000, 500_000, -200_000])
    const told: readonly (readonly [string, Json])[] = [
      ['class', random.pick(['exchange', 'regional', 'primary', 'backfill', 'none'])],
      ['observed_ms', nowMs + site.skewMs - behindMs],
      ['latency_ms', random.between(1, 3)],
      ['confidence', random.between(1, 3)],
    ]
    const feed = { venue, bid: this.#value(), ...Object.fromEntries(told.filter(() => random.chance(0.8))) }
    const chance = random.next()
    return document => {
      const feeds = isJsonObject(document?.feeds) ? document.feeds : {}
      if (document && chance < 0.05) return { ...document, best: name }
      if (document && chance < 0.15) {
        const { [name]: _, ...others } = feeds
        return { ...document, feeds: others }
      }
      // Some save the whole document, others change a field.
      const { best, ...rest } = document ?? {}
      const kept = best !== undefined && chance < 0.6 ? { best } : {}
      return { ...rest, ...kept, feeds: { ...feeds, [name]: feed } }
    }
  }

  #catalogue(): readonly Written[] {
    const { random } = this.#world
    const text = () => this.#value()
    const number = () => random.between(1, 9)
    const measure = () => (random.chance(0.2) ? `v${random.between(1, 3)}` : number())
    const venue = () => random.pick(['kraken', 'okx', 'elsewhere'])
    const venueOf: Make = site =>
      random.chance(0.5)
        ? venue()
        : site.id.startsWith('aws')
          ? 'kraken'
          : site.id.startsWith('azure')
            ? 'okx'
            : venue()
    const range = () => {
      const low = random.between(-9, 9)
      return { low, high: low + random.between(0, 9) }
    }
    const one = (type: string, key: string, fields: Written['fields']): Written => ({
      ref: { type, key: [key] },
      fields,
      whole: true,
    })
    const level: Written = { ref: { type: 'levels', key: ['tea', 'berlin'] }, fields: {}, whole: false }
    const quote: Make = site => ({ venue: venueOf(site), bid: number() })
    return [
      one('decisions', 'd1', { status: text, note: text }),
      one('promotions', 'p1', { version: measure, title: text }),
      one('matches', 'm1', { sum: text, by: text }),
      one('prices', 'x1', { price: text, label: text }),
      one('rates', 'r1', { rate: text, label: text }),
      one('feeds', 'f1', { venue: venueOf, bid: text }),
      one('quotes', 'q1', { venue: venueOf, bid: text }),
      { ref: { type: 'tickers', key: ['t1'] }, fields: { feeds: () => ({}) }, whole: false },
      ...['c1', 'c2', 'c3'].map(key => one('receipts', key, { total: text, line: text })),
      one('ranges', 'g1', { low: () => random.between(-9, 0), high: () => random.between(0, 9) }),
      { ref: { type: 'journals', key: ['j1'] }, fields: { title: text, entries: () => ({}) }, whole: false },
      { ...level, fields: { on_hand: () => this.#amount(level.ref) } },
      ...['u1', 'u2'].map(key => ({
        ref: { type: 'profiles', key: [key] },
        fields: {
          name: text,
          address: { city: text, street: text },
          status: text,
          terms: text,
          bid: measure,
          range,
          price: text,
          quote,
          more: { status: text, price: text, bid: () => ({ amount: measure(), by: this.#text() }) },
        },
        whole: false,
      })),
    ]
  }

  #write(site: SimulatedSite, ref: RecordRef, edit: Edit): void {
    try {
      site.database.write(ref, edit)
    } catch {
      this.#world.after(this.#random.between(5, 40), () => this.#write(site, ref, edit))
    }
  }

  #amount({ key }: RecordRef): number {
    const count = this.#amounts.get(key.join()) ?? 0
    this.#amounts.set(key.join(), count + 1)
    return 2 ** (count % 50)
  }

  /** What others may write too, or nobody else. */
  #value(): string {
    return this.#random.chance(this.#agreeing) ? this.#random.pick(['same', 'other']) : this.#text()
  }

  #text(): string {
    return `v${++this.#texts}`
  }
}
