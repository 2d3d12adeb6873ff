/**
 * Two sites add to the same number at once: how do both additions count, once each, however often a message arrives?
 *
 * Every site keeps what it added and took away in all, as totals that only grow (PN-counter, Shapiro et al. 2011),
 * so that a repeated delta is absorbed by taking the greater total. A removal does not set totals back, it notes how
 * much of each it has seen and takes that out of account: "+3" that the remover did not see is 3 afterwards,
 * not 5 and not 0.
 *
 * Not for values that are set rather than added to: two sites that both set 2 to 5 give 8.
 */
import type { SiteId } from '../causality/dot.ts'
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import type { Json } from '../document/json.ts'
import { add, amountOf, amountToNumber, compareAmounts, isAmount, maximum, subtract } from './amount.ts'
import { isDots, joinPresence } from './dots.ts'
import type { Amount, CounterState, Joining, MergeType, Slot } from './merge-type.ts'

const emptySlot: Slot = [0, 0, 0, 0]

const empty: CounterState = { present: [], slots: {} }

function total({ slots }: CounterState): Amount {
  return Object.values(slots).reduce<Amount>(
    (sum, [up, down, upReset, downReset]) => add(sum, subtract(subtract(up, upReset), subtract(down, downReset))),
    0,
  )
}

function reset(slots: CounterState['slots']): CounterState['slots'] {
  const out: Record<SiteId, Slot> = {}
  for (const [site, [up, down]] of Object.entries(slots)) out[site] = [up, down, up, down]
  return out
}

function isReset(slots: CounterState['slots']): boolean {
  return Object.values(slots).every(([up, down, upReset, downReset]) => up === upReset && down === downReset)
}

function addTo(slots: CounterState['slots'], site: SiteId, amount: Amount): CounterState['slots'] {
  const [up, down, upReset, downReset] = slots[site] ?? emptySlot
  const slot: Slot =
    compareAmounts(amount, 0) >= 0
      ? [add(up, amount), down, upReset, downReset]
      : [up, subtract(down, amount), upReset, downReset]
  return { ...slots, [site]: slot }
}

function joinSlots(a: CounterState['slots'], b: CounterState['slots']): CounterState['slots'] {
  const joined: Record<SiteId, Slot> = {}
  for (const site of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const x = a[site] ?? emptySlot
    const y = b[site] ?? emptySlot
    joined[site] = [maximum(x[0], y[0]), maximum(x[1], y[1]), maximum(x[2], y[2]), maximum(x[3], y[3])]
  }
  return joined
}

/** Something in `a` that `b` does not know of. */
function isAhead(a: CounterState['slots'], b: CounterState['slots']): boolean {
  return Object.entries(a).some(([site, slot]) => {
    const other = b[site] ?? emptySlot
    return slot.some((amount, index) => compareAmounts(amount, other[index] ?? 0) > 0)
  })
}

function reportSum(a: CounterState, b: CounterState, joined: CounterState, { path, report }: Joining): void {
  if (!isAhead(a.slots, b.slots) || !isAhead(b.slots, a.slots)) return
  report({ path, rule: joined.present.length > 0 ? 'sum' : 'update-beats-removal' })
}

function numberOf(value: Json | undefined): number {
  if (typeof value !== 'number') throw new TypeError('a counter holds a number: misfit() was not asked')
  return value
}

function slotOrder(slots: CounterState['slots']): CounterState['slots'] {
  const out: Record<SiteId, Slot> = {}
  for (const site of Object.keys(slots).sort()) out[site] = slots[site] ?? emptySlot
  return out
}

function written(present: CounterState['present'], slots: CounterState['slots']) {
  return { state: { present, slots: slotOrder(slots) }, touched: true } as const
}

export const counterType: MergeType<CounterState> = {
  misfit: (value, path) =>
    typeof value === 'number' ? undefined : { path, reason: `a counter holds a number, not ${JSON.stringify(value)}` },

  write(state = empty, before, after, { site, counter }: Stamp) {
    if (after === undefined) {
      const cleared = state.present.length === 0 && isReset(state.slots)
      return cleared ? undefined : written([], reset(state.slots))
    }
    if (before === undefined)
      return written([[site, counter]], addTo(reset(state.slots), site, amountOf(numberOf(after))))
    if (before === after) return undefined
    // From the exact total, not from `before`: what the view rounded must not be lost or counted again.
    const difference = subtract(amountOf(numberOf(after)), total(state))
    return written([[site, counter]], addTo(state.slots, site, difference))
  },

  hide: state => (isReset(state.slots) ? undefined : written(state.present, reset(state.slots))),

  cut: state => state,

  join(a = empty, b = empty, joining) {
    const joined = { present: joinPresence(a.present, b.present, joining), slots: joinSlots(a.slots, b.slots) }
    reportSum(a, b, joined, joining)
    return joined.present.length === 0 && Object.keys(joined.slots).length === 0 ? undefined : joined
  },

  view: state => (state.present.length === 0 ? undefined : amountToNumber(total(state))),

  isState: (value): value is CounterState =>
    typeof value === 'object' &&
    value !== null &&
    'present' in value &&
    'slots' in value &&
    isDots(value.present) &&
    typeof value.slots === 'object' &&
    value.slots !== null &&
    !Array.isArray(value.slots) &&
    Object.values(value.slots).every(slot => Array.isArray(slot) && slot.length === 4 && slot.every(isAmount)),
}
