/** What every system of the comparison has to do: two documents, the same edits of them, and updates that travel. */
import type { Document } from '../../../shared/document/json.ts'

/** As the catalogue's carts, with every field given. */
export type Cart = {
  readonly currency: string
  readonly items: { readonly [sku: string]: CartLine }
}

export type CartLine = {
  readonly quantity: number
  readonly note: string
}

export type CartEdit =
  /** A line item that its writer does not see in the cart. */
  | { readonly kind: 'put'; readonly sku: string; readonly line: CartLine }
  | { readonly kind: 'add'; readonly sku: string; readonly amount: number }
  | { readonly kind: 'note'; readonly sku: string; readonly note: string }
  | { readonly kind: 'remove'; readonly sku: string }
  /** The record goes, not what is in it. */
  | { readonly kind: 'delete' }

/** Fields in groups, and groups in them. */
export type Profile = {
  readonly [name: string]: ProfileValue | Profile
}

export type ProfileValue = string | number | boolean

/** Undefined: the field goes. Nothing on the way to it is new. */
export interface ProfileEdit {
  readonly path: readonly string[]
  readonly value: ProfileValue | undefined
}

/** One replica of one record, in memory. */
export interface Replica<Edit> {
  /** A write of its own: each is made, and known to the system, before the next. */
  edit(edit: Edit): void
  /** All edits since the replica was opened, as they travel. */
  update(): Uint8Array
  apply(update: Uint8Array): void
  /** The document as an application reads it; undefined: deleted. */
  read(): Document | undefined
  /** As it is stored, in the fewest bytes that a store takes. */
  stored(): Uint8Array
  /** How many bytes of that the merge state itself takes; absent: all. */
  storedStateBytes?(): number
  /** Gives back memory that no garbage collector sees. */
  close(): void
}

export interface Model<Shape, Edit> {
  /** A first replica's document, to be opened. */
  create(document: Shape): Uint8Array
  /** `replica`: 0 to 2; the first one made the document. */
  open(created: Uint8Array, replica: number): Replica<Edit>
}

export interface System {
  readonly name: string
  readonly cart: Model<Cart, CartEdit>
  readonly profile: Model<Profile, ProfileEdit>
}

export const replicas = [0, 1, 2] as const
