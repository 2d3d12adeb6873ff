/** Writes of one cell and who had seen whom: all that the plain models work with. */
import type { Document, Json } from '../../shared/document/json.ts'
import { type Captured, happenedBefore } from './captured.ts'

export interface Put {
  readonly by: Captured
  /** Undefined: cleared. */
  readonly value: Json | undefined
}

/** Those among `some` that nothing in `others` came after, knowing of them. */
export function survivors<Item extends { readonly by: Captured }>(
  some: readonly Item[],
  others: readonly { readonly by: Captured }[],
): readonly Item[] {
  return some.filter(item => !others.some(other => happenedBefore(item.by, other.by)))
}

/** The values that no later write replaced, from the first to the last. */
export function openPuts(puts: readonly Put[]): readonly (Put & { readonly value: Json })[] {
  return survivors(puts, puts)
    .flatMap(({ by, value }) => (value === undefined ? [] : [{ by, value }]))
    .sort((x, y) => order(x.by, y.by))
}

function order(x: Captured, y: Captured): number {
  if (x.hlc !== y.hlc) return x.hlc - y.hlc
  if (x.dot[0] !== y.dot[0]) return x.dot[0] < y.dot[0] ? -1 : 1
  return x.dot[1] - y.dot[1]
}

export function creates(capture: Captured): boolean {
  return capture.before === undefined && capture.after !== undefined
}

export function child(value: Document | Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isObject(value: Json | undefined): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
