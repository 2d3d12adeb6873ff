/**
 * Two sites held different documents under one key before either knew of the other: which one counts?
 *
 * Nobody knows which came first, so nothing may depend on it, and as little as possible is lost: fields and elements
 * that only one of them has are kept; of two numbers that are counted the greater counts (adding them would count the
 * part that they have in common twice, and where copies were kept in step that is nearly all); of two plain values the
 * one whose text is greater, which is arbitrary but the same however often it is asked, unless the
 * greatest is declared to count. Whoever knows better names a
 * baseline site.
 *
 * Works on documents, not on states: it is asked before there are any.
 */
import type { HighestDescriptor, MergeDescriptor } from '../declare/merge-descriptor.ts'
import { canonicalText } from '../document/canonical.ts'
import { isJsonObject, type Json } from '../document/json.ts'
import { amountOf, compareAmounts } from './amount.ts'
import { compareMeasures, measureOf } from './highest.ts'
import { combineParts, composed } from './parts.ts'

/** Idempotent, and but for the order of an array's elements commutative and associative. Undefined: absent. */
export function settle(merge: MergeDescriptor, a: Json | undefined, b: Json | undefined): Json | undefined {
  if (a === undefined || b === undefined) return a ?? b
  switch (merge.kind) {
    case 'counter':
      return greaterAmount(a, b)
    case 'highest':
      return higher(merge, a, b)
    default: {
      const whole = composed(merge)
      const parts = whole && combineParts(whole, [a, b], (part, [x, y]) => settle(part, x, y))
      return parts ?? greaterText(a, b)
    }
  }
}

function higher({ by }: HighestDescriptor, a: Json, b: Json): Json {
  const order = compareMeasures(measureOf(a, by), measureOf(b, by))
  return order === 0 ? greaterText(a, b) : order > 0 ? a : b
}

function greaterText(a: Json, b: Json): Json {
  return canonicalText(a) >= canonicalText(b) ? a : b
}

function greaterAmount(a: Json, b: Json): Json {
  const x = amountOf(a)
  const y = amountOf(b)
  if (x === undefined || y === undefined) return greaterText(a, b)
  return compareAmounts(x, y) >= 0 ? a : b
}

/** A whole document. */
export function settleDocuments(merge: MergeDescriptor, documents: readonly Json[]) {
  const settled = documents.reduce<Json | undefined>((all, next) => settle(merge, all, next), undefined)
  return isJsonObject(settled) ? settled : undefined
}
