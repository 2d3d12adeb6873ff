/**
 * What the applications do at their own tables: field updates, atomic increments, removals, whole puts.
 * Every increment of a record is its own power of two: the final number shows what was lost or counted twice.
 */
import type { Document } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { addItem, emptyCart, noteItem, removeItem, toggleNote } from './cart-edits.ts'
import type { Random } from './random.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

const skus = ['tea', 'mug', 'jam'] as const

export const carts: readonly RecordRef[] = ['alice', 'bob'].map(key => ({ type: 'carts', key: [key] }))
/** Its items are never removed: what was added must all be there. */
export const ledgerCart: RecordRef = { type: 'carts', key: ['ledger'] }
export const products: readonly RecordRef[] = ['p1', 'p2'].map(key => ({ type: 'products', key: [key] }))

interface Habit {
  readonly weight: number
  readonly act: (site: SimulatedSite) => void
}

type Edit = (document: Document | undefined) => Document | undefined

export class Application {
  /** All that was ever added to the ledger cart. */
  added = 0
  readonly #world: World
  readonly #random: Random
  readonly #increments = new Map<string, number>()
  readonly #habits: readonly Habit[]
  #texts = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random
    this.#habits = this.#drawHabits()
  }

  /** One write now, at one site. A refused one (the item is in a transaction) is tried again, as an SDK does. */
  act(site: SimulatedSite): void {
    let ticket = this.#random.next() * this.#habits.reduce((sum, { weight }) => sum + weight, 0)
    for (const { weight, act } of this.#habits) {
      ticket -= weight
      if (ticket <= 0) {
        act(site)
        return
      }
    }
  }

  /**
   * Every run has habits of its own: some kinds of write often, some hardly ever, on few or many records. Rare
   * meetings of one kind are then common in some runs (swarm testing, Groce et al. 2012).
   */
  #drawHabits(): readonly Habit[] {
    const someCarts = carts.slice(0, this.#random.between(1, carts.length))
    const someProducts = products.slice(0, this.#random.between(1, products.length))
    const onCart = (edit: (sku: string) => Edit) => (site: SimulatedSite) => {
      const sku = this.#random.pick(skus)
      this.#write(site, this.#random.pick(someCarts), edit(sku))
    }
    const onProduct = (edit: () => Edit) => (site: SimulatedSite) =>
      this.#write(site, this.#random.pick(someProducts), edit())
    const changing = (change: (document: Document) => Document) => (): Edit => document => document && change(document)
    const price = () => this.#random.between(1, 99)
    const acts: readonly ((site: SimulatedSite) => void)[] = [
      site => this.#addToLedger(site),
      site => {
        const cart = this.#random.pick(someCarts)
        const amount = this.#power(cart.key.join())
        const sku = this.#random.pick(skus)
        this.#write(site, cart, document => addItem(document ?? emptyCart(), sku, amount))
      },
      onCart(sku => document => document && removeItem(document, sku)),
      onCart(sku => document => document && noteItem(document, sku, this.#text())),
      onCart(changing(document => ({ ...document, currency: this.#text() }))),
      onCart(changing(document => toggleNote(document, this.#text()))),
      onCart(() => () => undefined),
      site =>
        this.#writeAndTakeBack(
          site,
          this.#random.pick(someCarts),
          document => document && { ...document, currency: this.#text() },
        ),
      onProduct(() => () => ({ title: this.#text(), price: price() })),
      onProduct(changing(document => ({ ...document, title: this.#text() }))),
      onProduct(changing(document => ({ ...document, price: price() }))),
      onProduct(() => () => undefined),
      site =>
        this.#writeAndTakeBack(
          site,
          this.#random.pick(someProducts),
          document => document && { ...document, title: this.#text() },
        ),
    ]
    return acts.map(act => ({ act, weight: this.#random.next() ** 4 }))
  }

  /** Deletions and what comes after them, for runs that prune: habits alone make too few. */
  deleteSome(sites: readonly SimulatedSite[]): void {
    for (const ref of [...carts, ...products]) {
      if (this.#random.chance(0.6)) this.#write(this.#random.pick(sites), ref, () => undefined)
    }
  }

  createOrDelete(site: SimulatedSite): void {
    const ref = this.#random.pick([...carts, ...products])
    if (this.#random.chance(0.4)) this.#write(site, ref, () => undefined)
    else if (ref.type === 'products') this.#write(site, ref, () => ({ title: this.#text(), price: 1 }))
    else {
      const amount = this.#power(ref.key.join())
      const sku = this.#random.pick(skus)
      this.#write(site, ref, document => addItem(document ?? emptyCart(), sku, amount))
    }
  }

  #addToLedger(site: SimulatedSite): void {
    const amount = this.#power('ledger')
    const sku = this.#random.pick(skus)
    this.#write(
      site,
      ledgerCart,
      document => addItem(document ?? emptyCart(), sku, amount),
      () => {
        this.added += amount
      },
    )
  }

  /** The application changes its mind, so that the second event finds everything as it was. */
  #writeAndTakeBack(site: SimulatedSite, ref: RecordRef, edit: Edit): void {
    const before = site.database.document(ref)
    if (!before) return
    this.#write(site, ref, edit)
    const written = site.database.document(ref)
    this.#world.after(this.#random.between(1, 120), () =>
      // A conditional write: only if nobody else wrote meanwhile.
      this.#write(site, ref, document => (document === written ? before : document)),
    )
  }

  #write(site: SimulatedSite, ref: RecordRef, edit: Edit, then?: () => void): void {
    try {
      site.database.write(ref, edit)
      then?.()
    } catch {
      this.#world.after(this.#random.between(5, 40), () => this.#write(site, ref, edit, then))
    }
  }

  #power(record: string): number {
    const count = this.#increments.get(record) ?? 0
    this.#increments.set(record, count + 1)
    if (count > 50) throw new Error('more increments than a double has bits')
    return 2 ** count
  }

  #text(): string {
    return `v${++this.#texts}`
  }
}
