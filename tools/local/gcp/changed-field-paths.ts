/**
 * Which fields an update changed: the `update_mask` of a Firestore event. Maps are compared field by field, every other
 * value as a whole, as Firestore has no path into an array.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Fields, FirestoreValue } from '../servers/firestore/values.ts'

const SIMPLE_NAME = /^[A-Za-z_][A-Za-z_0-9]*$/

/** Field paths such as ``items.`sku-1`.quantity``; empty when nothing changed. */
export function changedFieldPaths(before: Fields, after: Fields): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap(name => changedPathsOfValue(quoteName(name), before[name], after[name]))
}

function changedPathsOfValue(
  path: string,
  before: FirestoreValue | undefined,
  after: FirestoreValue | undefined,
): string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (before?.valueType !== 'mapValue' || after?.valueType !== 'mapValue') return [path]
  return changedFieldPaths(before.mapValue.fields, after.mapValue.fields).map(inner => `${path}.${inner}`)
}

/** Names that are not plain identifiers stand between backticks in a field path. */
function quoteName(name: string): string {
  return SIMPLE_NAME.test(name) ? name : `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``
}
