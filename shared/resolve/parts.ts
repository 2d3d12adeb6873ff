/** The parts of a composed value, named: the fields of an object, the elements of a set in either of its forms. */
import { type MergeDescriptor, register, set } from '../declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import type { Path } from './merge-type.ts'

type Composed = Extract<MergeDescriptor, { kind: 'fields' | 'set' }>
type Parts = ReadonlyMap<string, Json>

const entries: Composed = set(register())

/** What has parts that are compared one by one; undefined: one value, or an amount. */
export function composed(merge: MergeDescriptor): Composed | undefined {
  if (merge.kind === 'appendOnly') return entries
  return merge.kind === 'fields' || merge.kind === 'set' ? merge : undefined
}

/** The value at the end of a path, which may go on inside one value; undefined: absent. */
export function partAt(
  merge: MergeDescriptor | undefined,
  value: Json | undefined,
  [name, ...below]: Path,
): Json | undefined {
  if (name === undefined) return value
  const whole = merge && composed(merge)
  const parts = whole ? namedParts(whole, value) : value
  if (!isJsonObject(parts) || !Object.hasOwn(parts, name)) return undefined
  return partAt(whole && partType(whole, name), parts[name], below)
}

/**
 * Puts several values together part by part; a part that comes out undefined is left out. Elements of an array keep the
 * order of the first value, with those that it has not got behind. Undefined: one of the values has no such parts.
 */
export function combineParts<Values extends readonly (Json | undefined)[]>(
  merge: Composed,
  values: Values,
  combine: (part: MergeDescriptor, values: { readonly [Index in keyof Values]: Json | undefined }) => Json | undefined,
): Json | undefined {
  const all = values.map(value => partsOf(merge, value))
  const names = new Set(all.flatMap(parts => [...(parts?.keys() ?? [])]))
  if (all.includes(undefined)) return undefined
  const combined = new Map<string, Json>()
  for (const name of names) {
    // As many as there are values, in their order.
    const found = all.map(parts => parts?.get(name)) as { readonly [Index in keyof Values]: Json | undefined }
    const part = combine(partType(merge, name), found)
    if (part !== undefined) combined.set(name, part)
  }
  return fromParts(merge, combined)
}

export function partType(merge: Composed, name: string): MergeDescriptor {
  if (merge.kind === 'set') return merge.element
  return (Object.hasOwn(merge.fields, name) ? merge.fields[name] : undefined) ?? { kind: 'register' }
}

/** The parts as an object's fields, in whatever order. Absent: no parts. Undefined: the value has no such parts. */
export function namedParts(merge: Composed, value: Json | undefined): Document | undefined {
  if (identityField(merge) === undefined && isJsonObject(value)) return value
  const parts = partsOf(merge, value)
  return parts && Object.fromEntries(parts)
}

/** The same in the value's order. */
function partsOf(merge: Composed, value: Json | undefined): Parts | undefined {
  if (value === undefined) return new Map()
  const by = identityField(merge)
  if (by === undefined) return isJsonObject(value) ? new Map(Object.entries(value)) : undefined
  if (!isArray(value)) return undefined
  return new Map(value.map(element => [JSON.stringify(isJsonObject(element) ? element[by] : null), element]))
}

/** Of the elements of a set that is written as an array. */
function identityField(merge: Composed): string | undefined {
  return merge.kind === 'set' ? merge.by : undefined
}

function fromParts(merge: Composed, parts: Parts): Json {
  if (merge.kind === 'set' && merge.by !== undefined) return [...parts.values()]
  const object: Record<string, Json> = {}
  for (const [name, part] of parts) setField(object, name, part)
  return object
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
