/**
 * Two sites wrote the same value at once: which one does a reader see?
 *
 * The one with the greatest stamp; the others stay beside it as siblings until a write that has seen them replaces
 * them all (Dynamo 2007; Shapiro et al., multi-value register). Keeping one winner and dropping the rest at once
 * would be smaller, but then "an update beats a removal" is not associative: whether the removal meets the winner or
 * a loser first would decide what is left.
 *
 * Not for values where losing one of two concurrent writes is wrong: amounts (counter), collections (set),
 * decisions. Which of two writes within the sites' clock difference wins is arbitrary, though equal everywhere.
 */
import { compareStamps, type Stamp } from '../causality/hybrid-logical-clock.ts'
import { type Json, jsonEquals } from '../document/json.ts'
import { type Joined, joinDotted } from './dots.ts'
import type { CellState, Joining, MergeType, RegisterState, Sibling, Version } from './merge-type.ts'

const stampOf = ([site, counter, hlc]: Sibling): Stamp => ({ site, counter, hlc })

function winner(siblings: RegisterState): Sibling | undefined {
  let best = siblings[0]
  for (let index = 1; index < siblings.length; index++) {
    const next = siblings[index]
    if (best && next && compareStamps(stampOf(next), stampOf(best)) > 0) best = next
  }
  return best
}

function versionOf([site, counter, hlc, value]: Sibling): Version {
  return { site, counter, hlc, value }
}

/** Siblings are concurrent to each other: one that is new here beside one that was here had to be arbitrated. */
function reportArbitration(
  { joined, both, onlyA, onlyB }: Joined<Sibling>,
  b: RegisterState,
  { path, report }: Joining,
): void {
  const kept = winner(joined)
  if (!kept) return
  if (onlyB.length > 0 && onlyA.length + both.length > 0) {
    const lost = joined.filter(sibling => sibling !== kept).map(versionOf)
    report({ path, rule: 'latest-write-wins', kept: versionOf(kept), lost })
  } else if (onlyA.length > 0 && b.length === 0) {
    report({ path, rule: 'update-beats-removal', kept: versionOf(kept) })
  }
}

/** `Array.isArray` does not tell a read-only array from an object. */
function isSiblings(cell: CellState | undefined): cell is RegisterState {
  return Array.isArray(cell)
}

/** The first write of what stands in a register, by the order of stamps. */
export function stampOfFirst(cell: CellState | undefined): Stamp | undefined {
  return isSiblings(cell) ? cell.map(stampOf).sort(compareStamps)[0] : undefined
}

export const registerType: MergeType<RegisterState> = {
  misfit: () => undefined,

  write(state, before, after, { site, counter, hlc }) {
    if (before !== undefined && jsonEquals(before, after)) return undefined
    if (after === undefined) return state === undefined ? undefined : { state: undefined, touched: true }
    return { state: [[site, counter, hlc, after]], touched: true }
  },

  // A revived element must be whole again: its plain values come back as they were.
  hide: () => undefined,

  cut: state => state,

  join(a = [], b = [], joining) {
    const result = joinDotted(a, b, joining)
    reportArbitration(result, b, joining)
    return result.joined.length === 0 ? undefined : result.joined
  },

  view: (state): Json | undefined => winner(state)?.[3],

  isState: (value): value is RegisterState =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      sibling =>
        Array.isArray(sibling) &&
        sibling.length === 4 &&
        typeof sibling[0] === 'string' &&
        Number.isSafeInteger(sibling[1]) &&
        Number.isSafeInteger(sibling[2]),
    ),
}
