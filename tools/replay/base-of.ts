/**
 * What stood in a document before both sides of a resolution wrote? The audit keeps the two sides and what came of them,
 * and mostly that tells: what only one side changed is in the other side as it was, and of two amounts that were added up
 * the sum tells what both began with. What both sides wrote is told by the arbitration, and what stood there before is lost.
 */
import { isOneValue, type MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Json, jsonEquals, setField } from '../../shared/document/json.ts'
import { add, amountOf, amountToJson, subtract } from '../../shared/resolve/amount.ts'
import type { Path } from '../../shared/resolve/merge-type.ts'
import { composed, namedParts, partType } from '../../shared/resolve/parts.ts'

export interface Sides {
  readonly local: Json | undefined
  readonly remote: Json | undefined
  readonly outcome: Json | undefined
}

export interface Base {
  /** Undefined: absent, or unknown. */
  readonly value: Json | undefined
  /** Where it is not known. */
  readonly unknown: readonly Path[]
}

/** `isArbitrated`: of two writes to the cell at this path one had to be chosen. */
export function baseOf(
  merge: MergeDescriptor,
  sides: Sides,
  isArbitrated: (path: Path) => boolean,
  path: Path = [],
): Base {
  const { local, remote, outcome } = sides
  if (isArbitrated(path)) return { value: undefined, unknown: [path] }
  if (jsonEquals(local, remote) && jsonEquals(local, outcome)) return { value: local, unknown: [] }
  if (merge.kind === 'counter') return baseOfAmounts(sides, path)
  const whole = local === undefined || remote === undefined ? undefined : composed(merge)
  const parts = whole && [local, remote, outcome].map(value => namedParts(whole, value))
  const [a, b, c] = parts ?? []
  if (!whole || !a || !b || !c) return baseOfOne(sides, path)

  const names = new Set([a, b, c].flatMap(Object.keys))
  const value: Record<string, Json> = {}
  const unknown: Path[] = []
  for (const name of names) {
    const [x, y, z] = [a, b, c].map(named => (Object.hasOwn(named, name) ? named[name] : undefined))
    const part = baseOf(partType(whole, name), { local: x, remote: y, outcome: z }, isArbitrated, [...path, name])
    if (part.value !== undefined) setField(value, name, part.value)
    unknown.push(...part.unknown)
  }
  return { value: whole.kind === 'set' && whole.by !== undefined ? Object.values(value) : value, unknown }
}

/** Only one side wrote it: the other has it as it was. */
function baseOfOne({ local, remote, outcome }: Sides, path: Path): Base {
  if (jsonEquals(outcome, remote)) return { value: local, unknown: [] }
  if (jsonEquals(outcome, local)) return { value: remote, unknown: [] }
  return { value: undefined, unknown: [path] }
}

function baseOfAmounts({ local, remote, outcome }: Sides, path: Path): Base {
  const [a, b, sum] = [amountOf(local ?? 0), amountOf(remote ?? 0), amountOf(outcome ?? 0)]
  if (a === undefined || b === undefined || sum === undefined) return { value: undefined, unknown: [path] }
  return { value: amountToJson(subtract(add(a, b), sum)), unknown: [] }
}

/** Somewhere the other declaration has one value where the present one has parts. */
export function isCoarser(present: MergeDescriptor, other: MergeDescriptor): boolean {
  const [parts, others] = [composed(present), composed(other)]
  if (!parts) return false
  if (!others) return true
  const names = [parts, others].flatMap(whole => (whole.kind === 'fields' ? Object.keys(whole.fields) : []))
  // Those of a set, and the fields that nobody named, are all alike.
  return ['', ...names].some(name => isCoarser(partType(parts, name), partType(others, name)))
}

/** Under this declaration the outcome there does not depend on what stood before: one of the two values is chosen. */
export function needsNoBase(merge: MergeDescriptor, [name, ...below]: Path): boolean {
  if (isOneValue(merge)) return true
  const whole = composed(merge)
  return whole !== undefined && name !== undefined && needsNoBase(partType(whole, name), below)
}
