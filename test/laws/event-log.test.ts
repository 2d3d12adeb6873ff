/**
 * The laws of eventLog(...), asked of random histories in which sites write, decide and exchange what they know. What is
 * written need not read back as it was written; what is shown, captured again, must change nothing.
 */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import { isJsonObject } from '../../shared/document/json.ts'
import { expectSame, lawsOf, reread } from './cases.ts'
import { deliverAll } from './deliver-all.ts'
import { asState } from './garbage.ts'
import { nothing, type Snapshot } from './history.ts'
import { both, LogWorld, optimistic, statuses, strict } from './log-world.ts'

const site = fc.nat(2)
const said = fc.record({
  status: fc.constantFrom(...statuses),
  settled: fc.option(fc.constantFrom(...statuses), { nil: undefined, freq: 5 }),
  note: fc.option(fc.constantFrom('red', 'blue'), { nil: undefined }),
  ids: fc.subarray(['e1', 'e2', '__proto__'], { minLength: 1 }),
  how: fc.constantFrom('keep', 'keep', 'keep', 'drop', 'remove'),
})
type Said = typeof said extends fc.Arbitrary<infer Drawn> ? Drawn : never
const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant('write' as const), site, clock: fc.nat(30), said }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('delta' as const), from: site, to: site }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('whole' as const), from: site, to: site }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('take' as const), site, turn: fc.integer({ min: 1, max: 3 }) }),
    },
  ),
  { minLength: 4, maxLength: 16 },
)
type Action = typeof actions extends fc.Arbitrary<(infer Drawn)[]> ? Drawn : never
const plots = fc.record({ first: said, actions })

/** As applications do: whatever stands in the document, with changes, entries added, changed or taken away. */
function edited(
  descriptor: EventLogDescriptor,
  before: Document | undefined,
  { status, settled, note, ids, how }: Said,
) {
  if (how === 'remove' && before) return undefined
  const own = { ...before, ...(note !== undefined && { note }) }
  if (!descriptor.entries) return { ...own, status, ...(settled !== undefined && { settled }) }
  const known = isJsonObject(before?.events) ? before.events : {}
  const added = ids.map(id => [id, { to: status, status: 'requested', ...(note !== undefined && { note }) }] as const)
  // As JSON.parse makes it: every name is the object's own, `__proto__` too.
  const events = Object.fromEntries(how === 'drop' ? added : [...Object.entries(known), ...added])
  return { ...own, events, ...(settled !== undefined && { status: settled }) }
}

function worldOf(
  descriptor: EventLogDescriptor,
  { first, actions }: { first: Said; actions: readonly Action[] },
): LogWorld {
  const world = new LogWorld(descriptor)
  world.write(0, edited(descriptor, undefined, first), 0)
  for (const action of actions) {
    if (action.act === 'write') {
      const document = edited(descriptor, world.view(world.at(action.site)), action.said)
      world.write(action.site, document, action.clock)
    } else if (action.act === 'delta') world.sendDelta(action.from, action.to)
    else if (action.act === 'whole') world.sendWhole(world.at(action.from), action.to)
    else world.decide(action.site, { homes: world.replicas.map(replica => replica.site), turn: action.turn })
  }
  return world
}

describe.each([
  ['optimistic: eventLog({ status, settled })', optimistic],
  ['strict: eventLog({ status, entries })', strict],
  ['both: eventLog({ status, settled, entries })', both],
])('the laws of %s', (_, descriptor) => {
  const law = lawsOf(plots, plot => worldOf(descriptor, plot))

  law('what is shown, captured again, is no write', world => {
    for (const snapshot of world.snapshots) {
      const stamp = { site: 'aws-us-east-1', counter: 1_000, hlc: 1_000_000 }
      const view = world.view(snapshot)
      if (view) expect(world.type.write(snapshot.state, view, view, stamp)).toBeUndefined()
    }
  })

  law('a delta does to the state before what the write did', world => {
    for (const write of world.writes) {
      expectSame(world.receive(write.before, world.deltaOf(write)).state, write.after.state)
    }
  })

  law('a join is commutative', (world, pick) => {
    const [a, b] = [pick(world.snapshots), pick(world.snapshots)]
    expectSame(world.join(a, b).state, world.join(b, a).state)
  })

  law('a join is associative', (world, pick) => {
    const [a, b, c] = [pick(world.snapshots), pick(world.snapshots), pick(world.snapshots)]
    const left = world.join(world.join(a, b), c)
    expectSame(left.state, world.join(a, world.join(b, c)).state)
  })

  law('a join is idempotent: what has been taken in, whole or as a delta, changes nothing again', world => {
    const all = world.replicas.reduce<Snapshot>((x, y) => world.join(x, y), nothing)
    for (const snapshot of world.snapshots) expectSame(world.join(all, snapshot).state, all.state)
    for (const write of world.writes) {
      expectSame(world.receive(all, world.deltaOf(write)).state, all.state)
    }
  })

  law(
    'once nothing is left to decide, sites agree, whatever arrived in whatever order, often or once',
    (world, pick) => {
      const later = world.copy()
      const rested = later.rest()
      for (const replica of later.replicas) {
        expectSame(replica.state, rested.state)
        expectSame(world.view(replica), world.view(rested))
      }
      const reached = deliverAll(later, pick)
      expectSame(reached.state, rested.state)
      expectSame(world.view(reached), world.view(rested))
    },
  )

  law('states survive their encoding, and are recognised; a spoiled book is not', (world, pick) => {
    const states = world.snapshots.flatMap(({ state }) => state ?? [])
    for (const state of states) expectSame(reread(state), state)
    expect(states.filter(state => !world.type.isState(state))).toEqual([])
    const { state } = pick(world.snapshots)
    const copy = JSON.parse(JSON.stringify(state ?? null))
    const book = copy?.cells.document?.cells?.book?.lattice
    if (!book) return
    expect(world.type.isState(asState(copy))).toBe(true)
    pick([
      () => Object.assign(book, { events: 'none' }),
      () => book.events.push(['aws-us-east-1', 1.5, 0, 1, 'a']),
      () => book.events.push(['aws-us-east-1', 1, 0, 1]),
      () => book.events.push(['aws-us-east-1', 1, 0, 1, 'a', 'id']),
      () => Object.assign(book, { ruling: { epoch: 0, log: [['aws:1:0', 'maybe']], stored: {}, promised: {} } }),
      () => Object.assign(book, { ruling: { epoch: -1, log: [], stored: {}, promised: {} } }),
    ])()
    expect(world.type.isState(asState(copy))).toBe(false)
  })
})
