/** A document with reservations, read as its applications read it. */
import type { Document } from '../../shared/document/json.ts'
import { isJsonObject, type Json } from '../../shared/document/json.ts'

export function stockIn(document: Document | undefined): number {
  return numberIn(document?.on_hand)
}

export function availableIn(document: Document | undefined): number {
  return numberIn(document?.available)
}

export interface Booking {
  readonly quantity: number
  readonly status: string
  readonly until: Json | undefined
}

export function bookingsIn(document: Document | undefined): ReadonlyMap<string, Booking> {
  const entries = isJsonObject(document?.reservations) ? document.reservations : {}
  return new Map(
    Object.entries(entries).flatMap(([id, entry]) =>
      isJsonObject(entry)
        ? [[id, { quantity: numberIn(entry.qty), status: String(entry.status), until: entry.until }] as const]
        : [],
    ),
  )
}

/** The words for a reservation that takes of the stock. */
export const holding: ReadonlySet<string> = new Set(['accepted', 'confirming', 'confirmed'])

export function heldIn(document: Document | undefined): number {
  return [...bookingsIn(document).values()].reduce(
    (sum, { status, quantity }) => (holding.has(status) ? sum + quantity : sum),
    0,
  )
}

function numberIn(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
