/** Sets of dots as they survive a join: the kernel that registers and presence have in common. */
import { compareDots, type Dot, sameDot } from '../causality/dot.ts'
import { covers } from '../causality/version-vector.ts'
import type { Joining } from './merge-type.ts'

export interface Joined<Item> {
  readonly joined: readonly Item[]
  /** What stays because both sides have it, or because the other side has not seen it. */
  readonly both: readonly Item[]
  readonly onlyA: readonly Item[]
  readonly onlyB: readonly Item[]
}

/**
 * Joins two collections of dotted things: one stays if both sides have it, or if the side that lacks it has not
 * seen it. (What a side has seen and does not hold, it has removed.)
 */
export function joinDotted<Item>(
  a: readonly Item[],
  b: readonly Item[],
  dotOf: (item: Item) => Dot,
  { a: aKnows, b: bKnows }: Pick<Joining, 'a' | 'b'>,
): Joined<Item> {
  const has = (items: readonly Item[], dot: Dot) => items.some(item => sameDot(dotOf(item), dot))
  const onlyA = a.filter(item => !has(b, dotOf(item)) && !covers(bKnows.seen, dotOf(item)))
  const onlyB = b.filter(item => !has(a, dotOf(item)) && !covers(aKnows.seen, dotOf(item)))
  const both = a.filter(item => has(b, dotOf(item)))
  const joined = [...both, ...onlyA, ...onlyB].sort((x, y) => compareDots(dotOf(x), dotOf(y)))
  return { joined, both, onlyA, onlyB }
}

const itself = (dot: Dot) => dot

export function joinPresence(
  a: readonly Dot[],
  b: readonly Dot[],
  knowledge: Pick<Joining, 'a' | 'b'>,
): readonly Dot[] {
  return joinDotted(a, b, itself, knowledge).joined
}

export function isDots(value: unknown): value is readonly Dot[] {
  return Array.isArray(value) && value.every(isDot)
}

function isDot(value: unknown): value is Dot {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isSafeInteger(value[1])
}
