/**
 * A quantity where a library has no counter: in the line item each replica has a key of its own with what it has added in
 * all, as in a PN-counter (Shapiro et al. 2011). The lightest form there is: no map of its own around the keys.
 */
import { type Document, isJsonObject } from '../../../shared/document/json.ts'

export function slotOf(replica: number): string {
  return `+${replica}`
}

/** The cart as an application wants it: the sum in place of what was added. */
export function cartOf(record: Document): Document {
  const items: Record<string, Document> = {}
  for (const [sku, line] of Object.entries(isJsonObject(record.items) ? record.items : {})) {
    if (isJsonObject(line)) items[sku] = lineOf(line)
  }
  return { ...record, items }
}

function lineOf(line: Document): Document {
  const others: Record<string, Document[string]> = {}
  let quantity = 0
  for (const name of Object.keys(line)) {
    const value = line[name]
    if (name.startsWith('+')) quantity += Number(value)
    else if (value !== undefined) others[name] = value
  }
  return { quantity, ...others }
}
