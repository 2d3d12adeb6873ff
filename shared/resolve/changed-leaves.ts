/**
 * What differs between two documents, named as finely as a store can write it: a field inside a value as well, although
 * the declaration merges that value as a whole. For telling people which fields were written; merging never asks.
 */
import type { MergeDescriptor } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../document/json.ts'
import { taggedIn } from '../document/tagged.ts'
import type { Path } from './merge-type.ts'
import { composed, namedParts, partType } from './parts.ts'

/**
 * A plain value; a number that is counted; an element of a set that came or went; one that
 * went because its whole set was emptied.
 */
export type LeafKind = 'value' | 'amount' | 'member' | 'cleared'

export interface ChangedLeaf {
  /** Inside the document. An element of an array is named by its identity as JSON. */
  readonly path: Path
  readonly kind: LeafKind
  /** Undefined: absent. */
  readonly before: Json | undefined
  readonly after: Json | undefined
}

type ChangedPart = readonly [name: string, before: Json | undefined, after: Json | undefined]

export function changedLeaves(
  merge: MergeDescriptor,
  before: Json | undefined,
  after: Json | undefined,
): readonly ChangedLeaf[] {
  return jsonEquals(before, after) ? [] : leavesIn(merge, before, after, [])
}

/** The two differ. */
function leavesIn(
  merge: MergeDescriptor,
  before: Json | undefined,
  after: Json | undefined,
  path: Path,
): readonly ChangedLeaf[] {
  const leaf = (kind: LeafKind) => [{ path, kind, before, after }]
  if (merge.kind === 'counter') return leaf('amount')
  const whole = composed(merge)
  if (!whole) {
    if (!isPlainObject(before, path) || !isPlainObject(after, path)) return leaf('value')
    return changedParts(before, after).flatMap(([name, x, y]) => leavesIn(merge, x, y, [...path, name]))
  }
  const was = namedParts(whole, before)
  const is = namedParts(whole, after)
  if (!was || !is) return leaf('value')
  const gone = Object.keys(is).length === 0 ? 'cleared' : 'member'
  return changedParts(was, is).flatMap(([name, x, y]): readonly ChangedLeaf[] => {
    const below = [...path, name]
    return whole.kind === 'set' && (x === undefined || y === undefined)
      ? [{ path: below, kind: gone, before: x, after: y }]
      : leavesIn(partType(whole, name), x, y, below)
  })
}

/** Most of a document is as it was, and to compare is cheaper than to take apart. */
function changedParts(before: Document, after: Document): readonly ChangedPart[] {
  const changed: ChangedPart[] = []
  for (const name of Object.keys(before)) {
    const [x, y] = [before[name], own(after, name)]
    if (!jsonEquals(x, y)) changed.push([name, x, y])
  }
  for (const name of Object.keys(after)) if (!Object.hasOwn(before, name)) changed.push([name, undefined, after[name]])
  return changed
}

/** At the top a document is an object whatever its fields are called. */
function isPlainObject(value: Json | undefined, path: Path): value is Document {
  return isJsonObject(value) && (path.length === 0 || taggedIn(value) === undefined)
}

function own(object: Document, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
