/**
 * Did a write change anything? Firestore neither moves `updateTime` nor tells any listener or trigger about a write
 * that leaves a document exactly as it was. "Exactly" is finer than the order of values: integer 3 and double 3.0
 * sort together, but storing one over the other is a change.
 *
 * Source: "If the write did not actually change the document, this will be the previous update_time."
 * https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#writeresult
 */
import { isDeepStrictEqual } from 'node:util'
import type { Fields } from './values.ts'

/** True if both hold the same names with the same values of the same types, in any order of the names. */
export function sameFields(a: Fields, b: Fields): boolean {
  return a === b || isDeepStrictEqual(a, b)
}
