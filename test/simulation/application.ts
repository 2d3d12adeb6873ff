/**
 * What the applications do at their own tables: field updates, atomic increments, removals, whole puts.
 * Every increment of a record is its own power of two: the final number shows what was lost or counted twice.
 */
import { type Document, emptyObject, isJsonObject, type Json } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Random } from './random.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

const skus = ['tea', 'mug', 'jam'] as const

export const carts: readonly RecordRef[] = ['alice', 'bob'].map(key => ({ type: 'carts', key: [key] }))
/** Its items are never removed: what was added must all be there. */
export const ledgerCart: RecordRef = { type: 'carts', key: ['ledger'] }
export const products: readonly RecordRef[] = ['p1', 'p2'].map(key => ({ type: 'products', key: [key] }))

type Edit = (document: Document | undefined) => Document | undefined

export class Application {
  /** All that was ever added to the ledger cart. */
  added = 0
  readonly #world: World
  readonly #random: Random
  readonly #increments = new Map<string, number>()
  #texts = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random
  }

  /** One write now, at one site. A refused one (the item is in a transaction) is tried again, as an SDK does. */
  act(site: SimulatedSite): void {
    const kind = this.#random.next()
    if (kind < 0.25) {
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
    } else if (kind < 0.65) this.#changeCart(site, this.#random.pick(carts))
    else this.#changeProduct(site, this.#random.pick(products))
  }

  #changeCart(site: SimulatedSite, ref: RecordRef): void {
    const sku = this.#random.pick(skus)
    const choice = this.#random.between(0, 9)
    if (choice <= 3) {
      const amount = this.#power(ref.key.join())
      this.#write(site, ref, document => addItem(document ?? emptyCart(), sku, amount))
    } else if (choice === 4) this.#write(site, ref, document => document && removeItem(document, sku))
    else if (choice === 5) this.#write(site, ref, document => document && noteItem(document, sku, this.#text()))
    else if (choice === 6) this.#write(site, ref, document => document && { ...document, currency: this.#text() })
    else if (choice === 7) this.#write(site, ref, document => document && toggle(document, this.#text()))
    else if (choice === 8)
      this.#writeAndTakeBack(site, ref, document => document && { ...document, currency: this.#text() })
    else if (this.#random.chance(0.5)) this.#write(site, ref, () => undefined)
  }

  #changeProduct(site: SimulatedSite, ref: RecordRef): void {
    const choice = this.#random.between(0, 9)
    const whole = (): Document => ({ title: this.#text(), price: this.#random.between(1, 99) })
    if (choice <= 3) this.#write(site, ref, whole)
    else if (choice <= 5) this.#write(site, ref, document => document && { ...document, title: this.#text() })
    else if (choice <= 6)
      this.#write(site, ref, document => document && { ...document, price: this.#random.between(1, 99) })
    else if (choice === 7)
      this.#writeAndTakeBack(site, ref, document => document && { ...document, title: this.#text() })
    else this.#write(site, ref, () => undefined)
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

function emptyCart(): Document {
  return { currency: 'EUR', items: {} }
}

function itemsOf(document: Document): Record<string, Json> {
  const items: Record<string, Json> = emptyObject()
  return isJsonObject(document.items) ? Object.assign(items, document.items) : items
}

function addItem(document: Document, sku: string, amount: number): Document {
  const items = itemsOf(document)
  const item = items[sku]
  const quantity = isJsonObject(item) && typeof item.quantity === 'number' ? item.quantity : 0
  items[sku] = { ...(isJsonObject(item) ? item : {}), quantity: quantity + amount }
  return { ...document, items }
}

function removeItem(document: Document, sku: string): Document {
  const items = itemsOf(document)
  delete items[sku]
  return { ...document, items }
}

function noteItem(document: Document, sku: string, note: string): Document {
  const items = itemsOf(document)
  const item = items[sku]
  if (isJsonObject(item)) items[sku] = { ...item, note }
  return { ...document, items }
}

function toggle(document: Document, note: string): Document {
  const { note: present, ...rest } = document
  return present === undefined ? { ...document, note } : rest
}
