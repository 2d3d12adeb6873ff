/**
 * Documents that were there before, and the applications that go on writing them while they are adopted. Of every record
 * each amount is its own power of two, those that were there before among them: the final number shows what was lost,
 * counted twice, or counted once for every site.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

const skus = ['tea', 'mug'] as const

/** How a record stood before: the same at all sites, only at some, different ones, or not at all. */
type Kind = 'same' | 'some' | 'different' | 'new'

/** Sums by what they belong to: `stock`, or a sku. */
type Amounts = Readonly<Record<string, number>>

export interface Shelf {
  readonly ref: RecordRef
  readonly kind: Kind
  /** What each site held before. */
  readonly before: ReadonlyMap<SiteId, Document>
  /** Added since, wherever. */
  readonly added: Record<string, number>
  /** Deleted at some time: then what was there before and what came after cannot be told from a number. */
  deleted: boolean
  /** One that was not there before has been made somewhere. */
  isMade: boolean
}

export class Shelves {
  readonly all: Shelf[] = []
  writes = 0
  readonly #world: World
  readonly #powers = new Map<string, number>()
  #texts = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Puts them into the tables. */
  stock(sites: readonly SimulatedSite[]): void {
    const { random } = this.#world
    const count = random.between(2, 6)
    for (let index = 0; index < count; index++) {
      const kind = random.pick(['same', 'same', 'some', 'different', 'new'] as const)
      const ref: RecordRef = { type: 'shelves', key: [`s${index}`] }
      const before = new Map<SiteId, Document>()
      this.all.push({ ref, kind, before, added: {}, deleted: false, isMade: false })
      if (kind === 'new') continue
      const same = this.#document(ref)
      const holding = kind === 'same' ? sites : atLeast(kind === 'some' ? 1 : 2, sites, random)
      for (const site of holding) {
        const document = kind === 'different' ? this.#document(ref) : same
        before.set(site.id, document)
        site.database.write(ref, () => document)
      }
    }
  }

  /** One write now, at one site. `mayCollide`: a new document may be made at two sites. */
  act(site: SimulatedSite, mayCollide: boolean): void {
    const { random } = this.#world
    const shelf = random.pick(this.all)
    const present = site.database.document(shelf.ref)
    if (!present && !this.#mayCreate(shelf, site, mayCollide)) return
    const kind = random.pick(['stock', 'stock', 'item', 'item', 'label', 'delete'] as const)
    if (kind === 'delete' && !random.chance(0.2)) return
    this.#write(site, shelf, kind)
  }

  /** Two sites that make the same document at once before anybody said that it is new make one that was there before. */
  #mayCreate(shelf: Shelf, site: SimulatedSite, mayCollide: boolean): boolean {
    if (shelf.kind === 'some') return mayCollide && !shelf.before.has(site.id)
    if (shelf.kind !== 'new' || (!mayCollide && shelf.isMade)) return false
    shelf.isMade = true
    return true
  }

  #write(site: SimulatedSite, shelf: Shelf, kind: 'stock' | 'item' | 'label' | 'delete'): void {
    const { random } = this.#world
    const amount = this.#power(shelf.ref)
    const part = kind === 'item' ? random.pick(skus) : 'stock'
    const label = this.#text()
    const edit = (document: Document | undefined): Document | undefined => {
      if (kind === 'delete') return undefined
      if (kind === 'label') return { ...(document ?? { stock: 0, items: {} }), label }
      return increased(document ?? { label, stock: 0, items: {} }, part, amount)
    }
    const write = () => {
      try {
        site.database.write(shelf.ref, edit)
      } catch {
        // In a transaction: an SDK tries again.
        this.#world.after(random.between(5, 40), write)
        return
      }
      this.writes += 1
      if (kind === 'delete') shelf.deleted = true
      else if (kind !== 'label') shelf.added[part] = (shelf.added[part] ?? 0) + amount
    }
    write()
  }

  #document(ref: RecordRef): Document {
    const items: Record<string, Json> = {}
    for (const sku of skus) items[sku] = { quantity: this.#power(ref) }
    return { label: this.#text(), stock: this.#power(ref), items }
  }

  #power({ key }: RecordRef): number {
    const name = key.join()
    const count = this.#powers.get(name) ?? 0
    this.#powers.set(name, count + 1)
    if (count > 51) throw new Error('more amounts than a double has bits')
    return 2 ** count
  }

  #text(): string {
    return `v${++this.#texts}`
  }
}

function atLeast(least: number, sites: readonly SimulatedSite[], random: World['random']): readonly SimulatedSite[] {
  const chosen = sites.filter(() => random.chance(0.5))
  return chosen.length >= least ? chosen : atLeast(least, sites, random)
}

function increased(document: Document, part: string, amount: number): Document {
  if (part === 'stock') return { ...document, stock: numberOf(document.stock) + amount }
  const items = isJsonObject(document.items) ? document.items : {}
  return { ...document, items: { ...items, [part]: { quantity: quantityOf(items[part]) + amount } } }
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}

function quantityOf(item: Json | undefined): number {
  return isJsonObject(item) ? numberOf(item.quantity) : 0
}

export function amountsOf(document: Document | undefined): Amounts {
  const items = isJsonObject(document?.items) ? document.items : {}
  const quantities = skus.map(sku => [sku, quantityOf(items[sku])] as const)
  return { stock: numberOf(document?.stock), ...Object.fromEntries(quantities) }
}

/** What was there before counts once, as the named site had it or else the greatest of them, and each addition once. */
export function expectedAmounts({ before, added }: Shelf, baseline: SiteId | undefined): Amounts {
  const named = baseline === undefined ? undefined : before.get(baseline)
  const counted = named ? [named] : [...before.values()]
  return Object.fromEntries(
    ['stock', ...skus].map(part => {
      const greatest = Math.max(0, ...counted.map(document => amountsOf(document)[part] ?? 0))
      return [part, greatest + (added[part] ?? 0)] as const
    }),
  )
}
