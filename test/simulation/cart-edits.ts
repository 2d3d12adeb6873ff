/** What an application makes of a cart: single edits of the present document. */
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'

export function emptyCart(): Document {
  return { currency: 'EUR', items: {} }
}

function itemsOf(document: Document): Record<string, Json> {
  return isJsonObject(document.items) ? { ...document.items } : {}
}

export function addItem(document: Document, sku: string, amount: number): Document {
  const items = itemsOf(document)
  const item = items[sku]
  const quantity = isJsonObject(item) && typeof item.quantity === 'number' ? item.quantity : 0
  items[sku] = { ...(isJsonObject(item) ? item : {}), quantity: quantity + amount }
  return { ...document, items }
}

export function removeItem(document: Document, sku: string): Document {
  const items = itemsOf(document)
  delete items[sku]
  return { ...document, items }
}

export function noteItem(document: Document, sku: string, note: string): Document {
  const items = itemsOf(document)
  const item = items[sku]
  if (isJsonObject(item)) items[sku] = { ...item, note }
  return { ...document, items }
}

export function toggleNote(document: Document, note: string): Document {
  const { note: present, ...rest } = document
  return present === undefined ? { ...document, note } : rest
}
