/**
 * Two sites add to the same number at once: how do both additions count, once each, however often a message arrives?
 *
 * Every site keeps what it added and took away in all, as totals that only grow (PN-counter, Shapiro et al. 2011),
 * so that a repeated delta is absorbed by taking the greater total. A removal does not set totals back, it notes how
 * much of each it has seen and takes that out of account: "+3" that the remover did not see is 3 afterwards,
 * not 5 and not 0.
 *
 * Totals joined by the greater never forget, and a deleted record must be forgotten one day: a site that did would
 * start at 0 again and be swallowed by its own old total elsewhere. So a slot has lives. A site that finds its slot used
 * up by resets begins a new one, named by the dot of that write; a later life replaces an earlier one, and a slot that
 * only one side holds goes if the other side has seen its beginning, as any dotted value does: that side has dropped it.
 *
 * Not for values that are set rather than added to: two sites that both set 2 to 5 give 8.
 */
import type { SiteId } from '../causality/dot.ts'
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import { covers } from '../causality/version-vector.ts'
import { type Json, jsonEquals } from '../document/json.ts'
import { isInOrder, namesOf } from '../document/names.ts'
import { textOfNumber } from '../document/portable-number.ts'
import { add, amountOf, amountToJson, compareAmounts, isAmount, maximum, subtract } from './amount.ts'
import { isDots, joinPresence } from './dots.ts'
import type { Amount, CounterState, Joining, MergeType, Slot } from './merge-type.ts'

const empty: CounterState = { present: [], slots: {} }

function total({ slots }: CounterState): Amount {
  let sum: Amount = 0
  for (const site of Object.keys(slots)) sum = add(sum, totalAt(slots[site]))
  return sum
}

function totalAt(slot: Slot | undefined): Amount {
  return slot ? subtract(subtract(slot[1], slot[3]), subtract(slot[2], slot[4])) : 0
}

/** What each site has added and taken away. */
export function totalsBySite(state: CounterState | undefined): ReadonlyMap<SiteId, Amount> {
  return new Map(Object.entries(state?.slots ?? {}).map(([site, slot]) => [site, totalAt(slot)]))
}

function reset(slots: CounterState['slots']): CounterState['slots'] {
  const out: Record<SiteId, Slot> = {}
  for (const [site, [since, up, down]] of Object.entries(slots)) out[site] = [since, up, down, up, down]
  return out
}

function isSpent([, up, down, upReset, downReset]: Slot): boolean {
  return up === upReset && down === downReset
}

function isReset(slots: CounterState['slots']): boolean {
  return Object.values(slots).every(isSpent)
}

/** A spent slot begins a new life: other sites may have dropped the old one. */
function livingSlot(slots: CounterState['slots'], { site, counter }: Stamp): Slot {
  const slot = slots[site]
  return slot && !isSpent(slot) ? slot : [counter, 0, 0, 0, 0]
}

function addTo(slots: CounterState['slots'], stamp: Stamp, amount: Amount): CounterState['slots'] {
  const [since, up, down, upReset, downReset] = livingSlot(slots, stamp)
  const slot: Slot =
    compareAmounts(amount, 0) >= 0
      ? [since, add(up, amount), down, upReset, downReset]
      : [since, up, subtract(down, amount), upReset, downReset]
  return { ...slots, [stamp.site]: slot }
}

function joinSlots(a: CounterState['slots'], b: CounterState['slots'], joining: Joining): CounterState['slots'] {
  const joined: Record<SiteId, Slot> = {}
  for (const site of namesOf(a, b)) {
    const slot = joinSlot(site, a[site], b[site], joining)
    if (slot) joined[site] = slot
  }
  return joined
}

/** Both sides speak for this cell (see cells.ts): a slot that one of them lacks is unknown to it, or was dropped. */
function joinSlot(site: SiteId, x: Slot | undefined, y: Slot | undefined, { a, b }: Joining): Slot | undefined {
  if (x === undefined) return y && (covers(a.seen, [site, y[0]]) ? undefined : y)
  if (y === undefined) return covers(b.seen, [site, x[0]]) ? undefined : x
  if (x[0] !== y[0]) return x[0] > y[0] ? x : y
  return [x[0], maximum(x[1], y[1]), maximum(x[2], y[2]), maximum(x[3], y[3]), maximum(x[4], y[4])]
}

/** Something in `a` that `b` does not know of. */
function isAhead(a: CounterState['slots'], b: CounterState['slots']): boolean {
  for (const site of Object.keys(a)) {
    const [slot, other] = [a[site], b[site]]
    if (slot === undefined || slot === other) continue
    if (other === undefined || other[0] !== slot[0]) {
      if (!isSpent(slot) || slot[0] > (other?.[0] ?? slot[0])) return true
    } else if (slot.some((amount, index) => compareAmounts(amount, other[index] ?? 0) > 0)) return true
  }
  return false
}

/** What one side has dropped is ahead of nothing: what is compared with each side is what came of both. */
function reportSum(a: CounterState, b: CounterState, joined: CounterState, joining: Joining): void {
  if (!isAhead(joined.slots, a.slots) || !isAhead(joined.slots, b.slots)) return
  joining.report({ path: joining.path, rule: joined.present.length > 0 ? 'sum' : 'update-beats-removal' })
}

function amountIn(value: Json | undefined): Amount {
  const amount = amountOf(value)
  if (amount === undefined) throw new TypeError('a counter holds a number: misfit() was not asked')
  return amount
}

function isSlot(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 5) return false
  const [since, ...amounts] = value
  return Number.isSafeInteger(since) && since > 0 && amounts.every(isAmount)
}

function slotOrder(slots: CounterState['slots']): CounterState['slots'] {
  return isInOrder(Object.keys(slots))
    ? slots
    : Object.fromEntries(Object.entries(slots).sort(([x], [y]) => (x < y ? -1 : 1)))
}

function written(present: CounterState['present'], slots: CounterState['slots']) {
  return { state: { present, slots: slotOrder(slots) }, touched: true } as const
}

export const counterType: MergeType<CounterState> = {
  misfit(value, path) {
    if (amountOf(value) !== undefined) return undefined
    const found = JSON.stringify(value)
    const digits = textOfNumber(value) === undefined ? '' : ': whole with up to 38 digits, or as a double keeps it'
    return { path, reason: `a counter holds a number${digits}, not ${found}` }
  },

  write(state = empty, before, after, stamp: Stamp) {
    const { site, counter } = stamp
    if (after === undefined) {
      const cleared = state.present.length === 0 && isReset(state.slots)
      return cleared ? undefined : written([], reset(state.slots))
    }
    if (before === undefined) return written([[site, counter]], addTo(reset(state.slots), stamp, amountIn(after)))
    if (jsonEquals(before, after)) return undefined
    // From the exact total, not from `before`: what the view rounded must not be lost or counted again.
    const difference = subtract(amountIn(after), total(state))
    return written([[site, counter]], addTo(state.slots, stamp, difference))
  },

  hide: state => (isReset(state.slots) ? undefined : written(state.present, reset(state.slots))),

  cut: state => state,

  join(a = empty, b = empty, joining) {
    const joined = { present: joinPresence(a.present, b.present, joining), slots: joinSlots(a.slots, b.slots, joining) }
    reportSum(a, b, joined, joining)
    return joined.present.length === 0 && Object.keys(joined.slots).length === 0 ? undefined : joined
  },

  view: state => (state.present.length === 0 ? undefined : amountToJson(total(state))),

  isState: (value): value is CounterState =>
    typeof value === 'object' &&
    value !== null &&
    'present' in value &&
    'slots' in value &&
    isDots(value.present) &&
    typeof value.slots === 'object' &&
    value.slots !== null &&
    !Array.isArray(value.slots) &&
    Object.values(value.slots).every(isSlot),
}
