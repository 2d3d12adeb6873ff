/**
 * The laws of eventLog(...), asked of random histories in which sites write, decide and exchange what they know. What is
 * written need not read back as it was written; what is shown, captured again, must change nothing.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counterOf } from '../../shared/causality/version-vector.ts'
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { isJsonObject } from '../../shared/document/json.ts'
import { reread } from './cases.ts'
import { asState } from './garbage.ts'
import { admissible, type Delta, nothing, type Snapshot } from './history.ts'
import { both, LogWorld, optimistic, statuses, strict } from './log-world.ts'

const numRuns = Number(process.env.LAW_RUNS ?? (process.env.TRIBUTARY_LONG === '1' ? 10_000 : 1_000))
const seed = process.env.LAW_SEED
const timeoutMs = 30_000 + numRuns * 60

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
const numbers = fc.infiniteStream(fc.nat(1_000_000))

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
  function law(title: string, check: (world: LogWorld, pick: Pick) => void): void {
    const options = seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) }
    it(title, { timeout: timeoutMs }, () =>
      fc.assert(
        fc.property(plots, numbers, (plot, stream) => check(worldOf(descriptor, plot), picker(stream))),
        options,
      ),
    )
  }

  law('what is shown, captured again, is no write', world => {
    for (const snapshot of world.snapshots) {
      const stamp = { site: 'aws-us-east-1', counter: 1_000, hlc: 1_000_000 }
      const view = world.view(snapshot)
      if (view) expect(world.type.write(snapshot.state, view, view, stamp)).toBeUndefined()
    }
  })

  law('a delta does to the state before what the write did', world => {
    for (const write of world.writes) {
      expect(text(world.receive(write.before, world.deltaOf(write)).state)).toBe(text(write.after.state))
    }
  })

  law('a join is commutative', (world, pick) => {
    const [a, b] = [pick(world.snapshots), pick(world.snapshots)]
    expect(text(world.join(a, b).state)).toBe(text(world.join(b, a).state))
  })

  law('a join is associative', (world, pick) => {
    const [a, b, c] = [pick(world.snapshots), pick(world.snapshots), pick(world.snapshots)]
    const left = world.join(world.join(a, b), c)
    expect(text(left.state)).toBe(text(world.join(a, world.join(b, c)).state))
  })

  law('a join is idempotent: what has been taken in, whole or as a delta, changes nothing again', world => {
    const all = world.replicas.reduce<Snapshot>((x, y) => world.join(x, y), nothing)
    for (const snapshot of world.snapshots) expect(text(world.join(all, snapshot).state)).toBe(text(all.state))
    for (const write of world.writes) {
      expect(text(world.receive(all, world.deltaOf(write)).state)).toBe(text(all.state))
    }
  })

  law(
    'once nothing is left to decide, sites agree, whatever arrived in whatever order, often or once',
    (world, pick) => {
      const rested = world.rest()
      for (const replica of world.replicas) {
        expect(text(replica.state)).toBe(text(rested.state))
        expect(text(world.view(replica))).toBe(text(world.view(rested)))
      }
      const reached = deliverAll(world, pick)
      expect(text(reached.state)).toBe(text(rested.state))
      expect(text(world.view(reached))).toBe(text(world.view(rested)))
    },
  )

  law('states survive their encoding, and are recognised; a spoiled book is not', (world, pick) => {
    for (const { state } of world.snapshots) {
      if (state === undefined) continue
      expect(text(reread(state))).toBe(text(state))
      expect(world.type.isState(state)).toBe(true)
    }
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

type Pick = <Item>(items: readonly Item[]) => Item

/** Decisions that only the run itself can ask for, drawn all the same by fast-check. */
function picker(stream: Iterator<number>): Pick {
  return items => {
    const item = items[Number(stream.next().value) % items.length]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }
}

function text(value: unknown): string {
  return value === undefined ? 'absent' : canonicalText(JSON.parse(JSON.stringify(value)))
}

/** A new site gets every write as a delta and some whole states, in a random admissible order, some of it twice. */
function deliverAll(world: LogWorld, pick: Pick): Snapshot {
  const deltas = world.writes.map(write => world.deltaOf(write))
  let reached: Snapshot = nothing
  const isNew = ({ site, to }: Delta) => to > counterOf(reached.vector, site)
  for (let left = deltas; left.length > 0; left = left.filter(isNew)) {
    if (pick([true, false, false, false])) reached = world.join(reached, pick(world.snapshots))
    else reached = world.receive(reached, pick(left.filter(delta => admissible(reached.vector, delta))))
    const known = deltas.filter(delta => !isNew(delta))
    if (known.length > 0 && pick([true, false, false])) reached = world.receive(reached, pick(known))
  }
  return reached
}
