/**
 * "Only if it is as it was read", for a store whose documents carry no version (DynamoDB): which top-level
 * attributes must still have which value, and which must still be absent.
 *
 * A document that is one value is compared whole, not only where the merge changes it: a remote change of one field
 * beside a local change of another would be a document that nobody wrote. What cannot be asked for is that no
 * attribute unknown to both the declaration and the document has been added meanwhile.
 */
import { type Document, type Json, jsonEquals } from '../document/json.ts'
import type { DocumentWrite } from './record-store.ts'

export interface DocumentConditions {
  /** False: there must be no document at all. */
  readonly exists: boolean
  readonly equal: ReadonlyMap<string, Json>
  readonly absent: readonly string[]
}

export function documentConditions({ read, after, indivisible, declared }: DocumentWrite): DocumentConditions {
  const before = read.document
  if (before === undefined) return { exists: false, equal: new Map(), absent: [] }
  const all = new Set([...Object.keys(before), ...Object.keys(after ?? {}), ...declared])
  const compared = indivisible || after === undefined ? [...all] : changedFields(before, after)
  const equal = new Map<string, Json>()
  const absent: string[] = []
  for (const name of compared) {
    if (Object.hasOwn(before, name)) equal.set(name, before[name] ?? null)
    else absent.push(name)
  }
  return { exists: true, equal, absent }
}

export function meets(document: Document | undefined, { exists, equal, absent }: DocumentConditions): boolean {
  if (document === undefined || !exists) return exists === (document !== undefined)
  const has = (name: string) => Object.hasOwn(document, name)
  return (
    [...equal].every(([name, value]) => has(name) && jsonEquals(document[name], value)) &&
    absent.every(name => !has(name))
  )
}

/** Top-level fields that differ, in either direction. */
export function changedFields(before: Document, after: Document): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter(
    name =>
      Object.hasOwn(before, name) !== Object.hasOwn(after, name) ||
      (Object.hasOwn(before, name) && !jsonEquals(before[name], after[name])),
  )
}
