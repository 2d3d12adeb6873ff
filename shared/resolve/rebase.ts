/**
 * An application changed a document that was `from` into `to`, while its sites agreed that it should have been `onto`:
 * what is the document with that change? A three-way merge by the declared types: what the application did not touch is
 * as in `onto`, a counter moves by what it was moved, everything else that was touched is as in `to`.
 *
 * For the one moment at which a site has no history to merge with (see replicate/adopt.ts); everywhere else states merge.
 */
import type { MergeDescriptor } from '../declare/merge-descriptor.ts'
import { isJsonObject, type Json, jsonEquals } from '../document/json.ts'
import { add, amountOf, amountToJson, subtract } from './amount.ts'
import { combineParts, composed } from './parts.ts'

export interface Rebasing {
  readonly from: Json | undefined
  readonly to: Json | undefined
  readonly onto: Json | undefined
}

/** Undefined: absent. */
export function rebase(merge: MergeDescriptor, { from, to, onto }: Rebasing): Json | undefined {
  if (jsonEquals(from, to)) return onto
  if (to === undefined || jsonEquals(from, onto)) return to
  switch (merge.kind) {
    case 'counter':
      return moved(from, to, onto)
    default: {
      // The order of an array's elements is `onto`'s, with new ones behind.
      const combine = (part: MergeDescriptor, [x, y, z]: readonly (Json | undefined)[]) =>
        rebase(part, { onto: x, from: y, to: z })
      const whole = composed(merge)
      return (whole && combineParts(whole, [onto, from, to], combine)) ?? to
    }
  }
}

function moved(from: Json | undefined, to: Json, onto: Json | undefined): Json {
  const [before, after, base] = [amountOf(from ?? 0), amountOf(to), amountOf(onto ?? 0)]
  if (before === undefined || after === undefined || base === undefined) return to
  return amountToJson(add(base, subtract(after, before)))
}

/** Of whole documents. */
export function rebaseDocument(merge: MergeDescriptor, rebasing: Rebasing) {
  const rebased = rebase(merge, rebasing)
  return isJsonObject(rebased) ? rebased : undefined
}
