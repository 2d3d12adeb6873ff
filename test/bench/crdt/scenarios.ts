/** Two replicas write at once: does what comes of it keep what both wanted? Five cases with one right answer each. */
import { isDeepStrictEqual } from 'node:util'
import type { Cart, CartEdit, System } from './system.ts'

export interface Scenario {
  readonly name: string
  /** At the first and at the second replica, concurrently. */
  readonly edits: readonly [CartEdit, CartEdit]
  readonly right: Cart
}

const tea = { quantity: 2, note: 'loose' }
const base: Cart = { currency: 'EUR', items: { tea } }
const holding = (items: Cart['items']): Cart => ({ currency: 'EUR', items })

export const scenarios: readonly Scenario[] = [
  {
    name: '2, +2 and +3: 7',
    edits: [
      { kind: 'add', sku: 'tea', amount: 2 },
      { kind: 'add', sku: 'tea', amount: 3 },
    ],
    right: holding({ tea: { ...tea, quantity: 7 } }),
  },
  {
    name: 'removed, and +3: kept with 3',
    edits: [
      { kind: 'remove', sku: 'tea' },
      { kind: 'add', sku: 'tea', amount: 3 },
    ],
    right: holding({ tea: { ...tea, quantity: 3 } }),
  },
  {
    name: 'same item new with 1 and 2: 3',
    edits: [
      { kind: 'put', sku: 'mug', line: { quantity: 1, note: '' } },
      { kind: 'put', sku: 'mug', line: { quantity: 2, note: '' } },
    ],
    right: holding({ tea, mug: { quantity: 3, note: '' } }),
  },
  {
    name: 'note and quantity: both',
    edits: [
      { kind: 'note', sku: 'tea', note: 'gift' },
      { kind: 'add', sku: 'tea', amount: 3 },
    ],
    right: holding({ tea: { quantity: 5, note: 'gift' } }),
  },
  {
    name: 'record deleted, and +3: kept whole',
    edits: [{ kind: 'delete' }, { kind: 'add', sku: 'tea', amount: 3 }],
    right: holding({ tea: { ...tea, quantity: 5 } }),
  },
]

export type Verdict = 'pass' | 'fail'

/** Throws if the two replicas do not even agree. */
export function verdictOf({ cart, name }: System, { edits, right, ...scenario }: Scenario): Verdict {
  const stored = cart.create(base)
  const pair = edits.map((edit, replica) => {
    const opened = cart.open(stored, replica)
    opened.edit(edit)
    return opened
  })
  const updates = pair.map(replica => replica.update())
  for (const [index, replica] of pair.entries()) {
    for (const [from, update] of updates.entries()) if (from !== index) replica.apply(update)
  }
  const [one, other] = pair.map(replica => replica.read())
  for (const replica of pair) replica.close()
  if (!isDeepStrictEqual(one, other)) {
    throw new Error(`${name}, ${scenario.name}: ${JSON.stringify(one)} is not ${JSON.stringify(other)}`)
  }
  return isDeepStrictEqual(one, right) ? 'pass' : 'fail'
}
