/** Sets of dots as they survive a join: the kernel that registers and presence have in common. */
import { compareDots, type Dot, type Dotted, sameDot } from '../causality/dot.ts'
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
export function joinDotted<Item extends Dotted>(
  a: readonly Item[],
  b: readonly Item[],
  { a: aKnows, b: bKnows }: Pick<Joining, 'a' | 'b'>,
): Joined<Item> {
  const both: Item[] = []
  const onlyA: Item[] = []
  const onlyB: Item[] = []
  for (const item of a) {
    if (hasDot(b, item)) both.push(item)
    else if (!covers(bKnows.seen, item)) onlyA.push(item)
  }
  for (const item of b) if (!hasDot(a, item) && !covers(aKnows.seen, item)) onlyB.push(item)
  const joined = [...both, ...onlyA, ...onlyB]
  // Nearly always one: the latest write, which has seen all others.
  if (joined.length > 1) joined.sort(compareDots)
  return { joined, both, onlyA, onlyB }
}

/** One on each side, and one of them, or both, has seen the other, as nearly always; undefined: it is not so simple. */
export function joinSeen<Item extends Dotted>(
  a: readonly Item[],
  b: readonly Item[],
  knows: Pick<Joining, 'a' | 'b'>,
): readonly Item[] | undefined {
  const [x, y] = [a[0], b[0]]
  if (x === undefined || y === undefined) return undefined
  if (sameDot(x, y)) return a
  const [aIsSeen, bIsSeen] = [covers(knows.b.seen, x), covers(knows.a.seen, y)]
  if (!aIsSeen && !bIsSeen) return undefined
  return aIsSeen ? (bIsSeen ? [] : b) : a
}

function hasDot(items: readonly Dotted[], dot: Dotted): boolean {
  for (const item of items) if (sameDot(item, dot)) return true
  return false
}

export function joinPresence(
  a: readonly Dot[],
  b: readonly Dot[],
  knowledge: Pick<Joining, 'a' | 'b'>,
): readonly Dot[] {
  const seen = a.length === 1 && b.length === 1 ? joinSeen(a, b, knowledge) : undefined
  if (seen) return seen
  return joinDotted(a, b, knowledge).joined
}

export function isDots(value: unknown): value is readonly Dot[] {
  return Array.isArray(value) && value.every(isDot)
}

function isDot(value: unknown): value is Dot {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isSafeInteger(value[1])
}
