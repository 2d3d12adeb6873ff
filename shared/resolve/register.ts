/**
 * Two sites wrote the same value at once: which one does a reader see?
 *
 * The one with the greatest stamp; the others stay beside it as siblings until a write that has seen them replaces
 * them all (Dynamo 2007; Shapiro et al., multi-value register). Keeping one winner and dropping the rest at once
 * would be smaller, but then "an update beats a removal" is not associative: whether the removal meets the winner or
 * a loser first would decide what is left. Other types keep the same siblings and choose in another way: by value
 * (highest.ts), by site (authority.ts), by order (append-only.ts), by a function (custom.ts).
 *
 * Not for values where losing one of two concurrent writes is wrong: amounts (counter), collections (set),
 * decisions. Which of two writes within the sites' clock difference wins is arbitrary, though equal everywhere.
 */
import { compareStamps, type Stamp } from '../causality/hybrid-logical-clock.ts'
import { isLateness } from '../causality/lateness.ts'
import { type Json, jsonEquals } from '../document/json.ts'
import { type Joined, joinDotted, joinSeen } from './dots.ts'
import type { CellState, Joining, MergeType, Path, RegisterState, Rule, Sibling, Version } from './merge-type.ts'

/** What comes of concurrent values. */
export interface Choice {
  readonly value: Json
  /** Whose value it is; absent: it was made of them. */
  readonly sibling?: Sibling
  /** What decided, where that is not always the type's own rule. */
  readonly rule?: Rule
}

export interface RegisterOptions {
  /** Asked where there are several. Depends on which they are, not on their order. */
  readonly choose: (siblings: RegisterState) => Choice
  readonly rule: Rule
  /** Concurrent values that differ are flagged, and wait for somebody to choose if a write may replace them. */
  readonly review?: boolean
  /** See `MergeType.admits`; asked of a value inside a document as well. */
  readonly admits?: (before: Json | undefined, after: Json | undefined, stamp: Stamp) => boolean
}

const stampOf = ([site, counter, hlc]: Sibling): Stamp => ({ site, counter, hlc })

/** From the first write to the last. */
export function inStampOrder(siblings: RegisterState): RegisterState {
  return [...siblings].sort((a, b) => compareStamps(stampOf(a), stampOf(b)))
}

/** The last one by this order, which leaves no two alike. */
export function greatest(siblings: RegisterState, compare: (a: Sibling, b: Sibling) => number): Choice {
  const [first, ...others] = siblings
  if (first === undefined) throw new RangeError('no value to choose')
  const sibling = others.reduce((best, next) => (compare(next, best) > 0 ? next : best), first)
  return { value: sibling[3], sibling }
}

export function byStamp(a: Sibling, b: Sibling): number {
  return compareStamps(stampOf(a), stampOf(b))
}

export function latest(siblings: RegisterState): Choice {
  return greatest(siblings, byStamp)
}

function versionOf([site, counter, hlc, value, late]: Sibling): Version {
  return { site, counter, hlc, ...(late && { late }), value }
}

/** `Array.isArray` does not tell a read-only array from an object. */
function isSiblings(cell: CellState | undefined): cell is RegisterState {
  return Array.isArray(cell)
}

/** The first write of what stands in a register, by the order of stamps. */
export function stampOfFirst(cell: CellState | undefined): Stamp | undefined {
  const first = isSiblings(cell) ? inStampOrder(cell)[0] : undefined
  return first && stampOf(first)
}

export function createRegister({ choose, rule, review = false, admits }: RegisterOptions): MergeType<RegisterState> {
  function chosen(siblings: RegisterState): Choice | undefined {
    const [only] = siblings
    if (only === undefined) return undefined
    return siblings.length === 1 ? { value: only[3], sibling: only } : choose(siblings)
  }

  /** Siblings are concurrent to each other: one that is new here beside one that was here had to be arbitrated. */
  function reportArbitration(
    { joined, both, onlyA, onlyB }: Joined<Sibling>,
    b: RegisterState,
    joining: Joining,
  ): void {
    const met = onlyB.length > 0 && onlyA.length + both.length > 0
    const revived = onlyA.length > 0 && b.length === 0
    const choice = met || revived ? chosen(joined) : undefined
    if (!choice) return
    const { sibling: winner } = choice
    const { path, report } = joining
    const kept = winner && { kept: versionOf(winner) }
    if (revived) {
      report({ path, rule: 'update-beats-removal', ...kept })
      return
    }
    const losers = joined.filter(sibling => sibling !== winner)
    const flagged = review && differ(losers, choice.value)
    const lost = losers.map(versionOf)
    report({ path, ...(flagged && { review }), rule: choice.rule ?? rule, ...kept, lost })
  }

  return {
    misfit: () => undefined,
    ...(admits && { admits, corrects: true }),

    write(state, before, after, stamp) {
      if (before !== undefined && jsonEquals(before, after)) return undefined
      const cleared = state === undefined ? undefined : ({ state: undefined, touched: true } as const)
      // Where nothing stands any more, what an earlier document held is not kept against anybody's wish.
      if (admits && (before !== undefined || after !== undefined) && !admits(before, after, stamp))
        return before === undefined ? cleared : undefined
      if (after === undefined) return cleared
      const { site, counter, hlc, late } = stamp
      return { state: [late ? [site, counter, hlc, after, late] : [site, counter, hlc, after]], touched: true }
    },

    // A revived element must be whole again: its plain values come back as they were.
    hide: () => undefined,

    cut: state => state,

    join(a = [], b = [], joining) {
      // What has been seen by the other side needs no arbitration.
      const seen = a.length === 1 && b.length === 1 ? joinSeen(a, b, joining) : undefined
      if (seen) return seen.length === 0 ? undefined : seen
      const result = joinDotted(a, b, joining)
      reportArbitration(result, b, joining)
      return result.joined.length === 0 ? undefined : result.joined
    },

    // Nearly always one, and read often.
    view: state => (state.length === 1 ? state[0]?.[3] : chosen(state)?.value),

    // Where no write replaces them there is nothing to choose.
    ...(review &&
      !admits && {
        openSiblings(state: RegisterState, path: Path) {
          const choice = chosen(state)
          const losers = state.filter(sibling => sibling !== choice?.sibling)
          if (!choice?.sibling || !differ(losers, choice.value)) return []
          return [{ path, versions: [choice.sibling, ...inStampOrder(losers).toReversed()].map(versionOf) }]
        },
      }),

    origins(state, path) {
      const sibling = chosen(state)?.sibling
      return (sibling ? [sibling] : state).map(([site, counter, hlc]) => ({ path, site, counter, hlc }))
    },

    isState: (value): value is RegisterState =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every(
        sibling =>
          Array.isArray(sibling) &&
          (sibling.length === 4 || (sibling.length === 5 && isLateness(sibling[4]))) &&
          typeof sibling[0] === 'string' &&
          Number.isSafeInteger(sibling[1]) &&
          Number.isSafeInteger(sibling[2]),
      ),
  }
}

/** Who wrote the same as what came of it has lost nothing. */
function differ(losers: RegisterState, value: Json): boolean {
  return losers.some(([, , , lost]) => !jsonEquals(lost, value))
}

export const registerType = createRegister({ choose: latest, rule: 'latest-write-wins' })

/** The same, with every conflict flagged for somebody to look at. */
export const reviewedRegisterType = createRegister({ choose: latest, rule: 'latest-write-wins', review: true })
