/**
 * What differs between two documents, named as finely as a store can write it: a field inside a value as well, although
 * the declaration merges that value as a whole. For telling people which fields were written; merging never asks.
 */
import type { MergeDescriptor } from '../declare/merge-descriptor.ts'
import { isJsonObject, type Json, jsonEquals } from '../document/json.ts'
import { taggedIn } from '../document/tagged.ts'
import type { Path } from './merge-type.ts'
import { partsOf, partType } from './parts.ts'

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

export function changedLeaves(
  merge: MergeDescriptor,
  before: Json | undefined,
  after: Json | undefined,
  path: Path = [],
): readonly ChangedLeaf[] {
  // Asked at every level: most of a document is as it was, and to compare is cheaper than to take apart.
  if (jsonEquals(before, after)) return []
  const leaf = (kind: LeafKind) => [{ path, kind, before, after }]
  if (merge.kind === 'counter') return leaf('amount')
  if (merge.kind === 'register') {
    if (!isPlainObject(before, path) || !isPlainObject(after, path)) return leaf('value')
    const names = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...names].flatMap(name => changedLeaves(merge, own(before, name), own(after, name), [...path, name]))
  }
  const was = partsOf(merge, before)
  const is = partsOf(merge, after)
  if (!was || !is) return leaf('value')
  const isCleared = is.size === 0
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((name): readonly ChangedLeaf[] => {
    const [x, y] = [was.get(name), is.get(name)]
    const below = [...path, name]
    if (merge.kind === 'set' && (x === undefined || y === undefined))
      return [{ path: below, kind: isCleared ? 'cleared' : 'member', before: x, after: y }]
    return changedLeaves(partType(merge, name), x, y, below)
  })
}

/** At the top a document is an object whatever its fields are called. */
function isPlainObject(value: Json | undefined, path: Path): value is { readonly [name: string]: Json } {
  return isJsonObject(value) && (path.length === 0 || taggedIn(value) === undefined)
}

function own(object: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
