/**
 * Changes that the server computes from the stored value: increments, server timestamps, greatest and least,
 * elements added to or removed from an array.
 *
 * Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#fieldtransform
 */

import { storableValue } from './document-limits.ts'
import type { FieldTransform } from './messages.ts'
import { invalidArgument } from './refusal.ts'
import { microsToTimestamp } from './timestamps.ts'
import { compareValues, numberOf, sameOrder } from './value-order.ts'
import { arrayValue, doubleValue, type FirestoreValue, integerValue, nullValue, timestampValue } from './values.ts'

const integerMax = 2n ** 63n - 1n
const integerMin = -(2n ** 63n)

export interface Transformed {
  /** The field's new value. */
  readonly value: FirestoreValue
  /** What the client is told; null for the operations on arrays. */
  readonly result: FirestoreValue
}

/** `stored` is the field's value before, `commitTime` in microseconds. Throws INVALID_ARGUMENT for a wrong operand. */
export function transformField(
  stored: FirestoreValue | undefined,
  transform: FieldTransform,
  commitTime: bigint,
): Transformed {
  switch (transform.transformType) {
    case 'setToServerValue':
      return seen(timestampValue(microsToTimestamp(commitTime - (commitTime % 1000n))))
    case 'increment':
      return seen(increment(stored, operand(transform.increment)))
    case 'maximum':
      return seen(extreme(stored, operand(transform.maximum), order => order > 0))
    case 'minimum':
      return seen(extreme(stored, operand(transform.minimum), order => order < 0))
    case 'appendMissingElements':
      return hidden(
        append(elements(stored), elements(storableValue(arrayValue(transform.appendMissingElements.values)))),
      )
    case 'removeAllFromArray':
      return hidden(without(elements(stored), transform.removeAllFromArray.values))
    default:
      throw invalidArgument('A field transform names no operation.')
  }
}

function seen(value: FirestoreValue): Transformed {
  return { value, result: value }
}

function hidden(values: readonly FirestoreValue[]): Transformed {
  return { value: arrayValue(values), result: nullValue }
}

function operand(value: FirestoreValue): FirestoreValue {
  if (numberOf(value) === undefined) throw invalidArgument('The operand of a numeric transform must be a number.')
  return value
}

/** Anything but a number counts as absent; integers stay integers and stop at the ends of 64 bits. */
function increment(stored: FirestoreValue | undefined, by: FirestoreValue): FirestoreValue {
  const base = stored && numberOf(stored)
  const step = numberOf(by)
  if (base === undefined || step === undefined) return by
  if (typeof base === 'number' || typeof step === 'number') return doubleValue(Number(base) + Number(step))
  const sum = base + step
  return integerValue(sum > integerMax ? integerMax : sum < integerMin ? integerMin : sum)
}

/** Of equal values (3 and 3.0) the stored one stays; NaN wins over every number. */
function extreme(
  stored: FirestoreValue | undefined,
  given: FirestoreValue,
  wins: (order: number) => boolean,
): FirestoreValue {
  const base = stored && numberOf(stored)
  if (stored === undefined || base === undefined) return given
  if (Number.isNaN(base)) return stored
  if (Number.isNaN(numberOf(given))) return given
  return wins(compareValues(given, stored)) ? given : stored
}

function elements(value: FirestoreValue | undefined): readonly FirestoreValue[] {
  return value?.valueType === 'arrayValue' ? value.arrayValue.values : []
}

function append(stored: readonly FirestoreValue[], given: readonly FirestoreValue[]): readonly FirestoreValue[] {
  const all = [...stored]
  for (const value of given) if (!all.some(other => sameOrder(other, value))) all.push(value)
  return all
}

function without(stored: readonly FirestoreValue[], given: readonly FirestoreValue[]): readonly FirestoreValue[] {
  return stored.filter(value => !given.some(other => sameOrder(other, value)))
}
