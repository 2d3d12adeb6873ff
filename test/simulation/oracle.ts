/**
 * What the document must be, computed from the captured writes alone: sets of operations and who had seen whom, no
 * states, no deltas, no joins. Slow and simple on purpose.
 */
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Captured } from './captured.ts'
import { child, creates, openPuts, type Put, survivors } from './puts.ts'
import { lostIn, modelledRecord } from './type-model.ts'
import { typeModels } from './type-models.ts'

/** Of carts and baskets, beside the items. */
const cartFields = ['currency', 'note', 'until'] as const

/** The latest of the values that no later write replaced. */
export function standing(puts: readonly Put[]): { readonly value: Json | undefined; readonly lost: readonly Put[] } {
  const open = openPuts(puts)
  return { value: open.at(-1)?.value, lost: open.slice(0, -1) }
}

function exists(captures: readonly Captured[]): boolean {
  const touches = captures.filter(({ after }) => after !== undefined).map(by => ({ by }))
  const removals = captures.filter(({ after }) => after === undefined).map(by => ({ by }))
  return survivors(touches, removals).length > 0
}

/** Every write of the cell that `read` picks out of a document. */
function putsOf(captures: readonly Captured[], read: (document: Document) => Json | undefined): readonly Put[] {
  return captures.flatMap(by => {
    if (by.after === undefined) return []
    const before = by.before && read(by.before)
    const value = read(by.after)
    if (!creates(by) && (before === value || jsonEquals(before, value))) return []
    return [{ by, value }]
  })
}

/** What the captured writes of a record make, by the merge type of its type. */
export function expectedDocument({ type }: RecordRef, captures: readonly Captured[]): Document | undefined {
  const model = typeModels[type]
  if (model) return modelledRecord(model, captures).document
  return isOneValue(type) ? expectedValue(captures) : expectedCart(captures)
}

function isOneValue(type: string): boolean {
  return type === 'products' || type === 'sessions'
}

function expectedValue(captures: readonly Captured[]): Document | undefined {
  if (!exists(captures)) return undefined
  const { value } = standing(putsOf(captures, document => document))
  return isJsonObject(value) ? value : undefined
}

function expectedCart(captures: readonly Captured[]): Document | undefined {
  if (!exists(captures)) return undefined
  const cart: Record<string, Json> = {}
  for (const field of cartFields) {
    const { value } = standing(putsOf(captures, document => child(document, field)))
    if (value !== undefined) cart[field] = value
  }
  const items: Record<string, Json> = {}
  for (const sku of skusOf(captures)) {
    const item = expectedItem(captures, sku)
    if (item) items[sku] = item
  }
  cart.items = items
  return cart
}

function skusOf(captures: readonly Captured[]): readonly string[] {
  const skus = captures.flatMap(({ before, after }) =>
    [before, after].flatMap(document => Object.keys(child(document, 'items') ?? {})),
  )
  return [...new Set(skus)].sort()
}

type ItemEvent = {
  readonly by: Captured
  readonly kind: 'put' | 'remove' | 'clear'
  readonly fresh: boolean
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/** What each capture did to one line item. */
function itemEvents(captures: readonly Captured[], sku: string): readonly ItemEvent[] {
  return captures.flatMap((by): readonly ItemEvent[] => {
    if (by.after === undefined) return []
    const before = creates(by) ? undefined : child(child(by.before, 'items'), sku)
    const after = child(child(by.after, 'items'), sku)
    if (after === undefined) {
      if (creates(by)) return [{ by, kind: 'clear', fresh: false, before, after }]
      return before === undefined ? [] : [{ by, kind: 'remove', fresh: false, before, after }]
    }
    if (before !== undefined && jsonEquals(before, after)) return []
    return [{ by, kind: 'put', fresh: before === undefined, before, after }]
  })
}

function expectedItem(captures: readonly Captured[], sku: string): Document | undefined {
  const events = itemEvents(captures, sku)
  const puts = events.filter(({ kind }) => kind === 'put')
  const ends = events.filter(({ kind }) => kind !== 'put')
  if (survivors(puts, ends).length === 0) return undefined

  const item: Record<string, Json> = {}
  const resets = events.filter(({ kind, fresh }) => kind !== 'put' || fresh)
  const increments = puts.filter(
    ({ fresh, before, after }) => fresh || !jsonEquals(child(before, 'quantity'), child(after, 'quantity')),
  )
  const cleared = events.filter(
    ({ kind, fresh, after }) => kind === 'clear' || (fresh && child(after, 'quantity') === undefined),
  )
  if (survivors(increments, cleared).length > 0) {
    const open = survivors(increments, resets)
    item.quantity = open.reduce(
      (sum, { fresh, before, after }) => sum + amount(after) - (fresh ? 0 : amount(before)),
      0,
    )
  }

  const notes = events.flatMap(({ by, kind, fresh, before, after }): readonly Put[] => {
    if (kind === 'remove') return []
    const value = child(after, 'note')
    if (kind === 'put' && !fresh && child(before, 'note') === value) return []
    return [{ by, value }]
  })
  const { value } = standing(notes)
  if (value !== undefined) item.note = value
  return item
}

function amount(item: Json | undefined): number {
  const quantity = child(item, 'quantity')
  return typeof quantity === 'number' ? quantity : 0
}

/** More than so many would take long to try, and hardly ever happen. */
const doubtsMax = 8

/**
 * A write to a document that was expiring just then may have been captured as a new one or as a change: both are right,
 * if the same one is right everywhere. Every way to read a record's captures.
 */
export function* readings(captures: readonly Captured[]): Iterable<readonly Captured[]> {
  const doubts = captures.filter(({ isDoubtful }) => isDoubtful).slice(0, doubtsMax)
  for (let choice = 0; choice < 2 ** doubts.length; choice++) {
    const anew = new Set(doubts.filter((_, index) => (choice >> index) & 1))
    yield captures.map(capture => (anew.has(capture) ? { ...capture, before: undefined } : capture))
  }
}

/** Values that no later write replaced and that the document does not show: each must be in the audit. */
export function lostValues(captures: readonly Captured[], type: string): readonly Put[] {
  const model = typeModels[type]
  if (model) return modelledRecord(model, captures).cells.flatMap(lostIn)
  if (isOneValue(type)) return standing(putsOf(captures, document => document)).lost
  return cartFields.flatMap(field => standing(putsOf(captures, document => child(document, field))).lost)
}

/** Those of which anything was taken. */
export function standingCaptures({ type }: RecordRef, captures: readonly Captured[]): readonly Captured[] {
  const model = typeModels[type]
  if (!model) return captures
  const undone = new Set(
    modelledRecord(model, captures).refused.flatMap(({ by, path }) => (path.length === 0 ? [by] : [])),
  )
  return captures.filter(capture => !undone.has(capture))
}
