/**
 * The laws of text(...), asked of random histories in which sites edit, decide and exchange what they know, and in which
 * what all of them have is folded on the way. If one of them fails, sites end up with different texts.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Document } from '../../shared/document/json.ts'
import { expectSame, lawsOf, reread, text } from './cases.ts'
import { deliverAll } from './deliver-all.ts'
import { asState } from './garbage.ts'
import { nothing, type Snapshot } from './history.ts'
import { TextWorld, textBooks, textSites } from './text-world.ts'

const site = fc.nat(2)
/** A few characters of every length in code units, in few places, so that edits meet. */
const snippet = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', 'ü', '☂', '💃', '👩‍💻'), maxLength: 4 })
const edit = fc.record({
  field: fc.constantFrom('body', 'body', 'abstract'),
  at: fc.nat(6),
  gone: fc.nat(4),
  come: snippet,
  note: fc.option(fc.constantFrom('red', 'blue'), { nil: undefined, freq: 4 }),
  how: fc.constantFrom('edit', 'edit', 'edit', 'edit', 'edit', 'empty', 'drop', 'remove'),
})
type Edit = typeof edit extends fc.Arbitrary<infer Drawn> ? Drawn : never
const actions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant('write' as const), site, edit }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('at once' as const), from: site, to: site }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('late' as const), from: site, to: site }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('whole' as const), from: site, to: site }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('take' as const), site, turn: fc.integer({ min: 1, max: 3 }) }),
    },
  ),
  { minLength: 4, maxLength: 24 },
)
type Action = typeof actions extends fc.Arbitrary<(infer Drawn)[]> ? Drawn : never
const plots = fc.record({ first: edit, actions })

function edited(before: Document | undefined, { field, at, gone, come, note, how }: Edit): Document | undefined {
  if (how === 'remove') return undefined
  const { [field]: old, ...others } = before ?? {}
  const own = { ...others, ...(note !== undefined && { note }) }
  if (how === 'drop') return own
  const characters = [...(typeof old === 'string' && how !== 'empty' ? old : '')]
  characters.splice(at, gone, ...come)
  return { ...own, [field]: characters.join('') }
}

function worldOf({ first, actions }: { readonly first: Edit; readonly actions: readonly Action[] }): TextWorld {
  const world = new TextWorld()
  world.write(0, edited(undefined, first))
  for (const action of actions) {
    if (action.act === 'write') {
      const document = edited(world.view(action.site), action.edit)
      const shown = world.write(action.site, document)
      if (text(shown) !== text(document)) expect(shown, 'put-get').toEqual(document)
      world.decide(action.site)
    } else if (action.act === 'whole') world.sendWhole(action.from, action.to)
    else if (action.act === 'take') world.decide(action.site, { homes: textSites, turn: action.turn })
    else world.sendDelta(action.from, action.to, action.act)
  }
  return world
}

describe('the laws of text({ field })', () => {
  const law = lawsOf(plots, worldOf)

  law('what was written reads back at its site, and what is shown, captured again, is no write', world => {
    for (const [index, { state }] of world.replicas.entries()) {
      const view = world.view(index)
      const stamp = { site: textSites[index] ?? '', counter: 1_000, hlc: 1_000_000 }
      if (view) expect(world.typeAt(index).write(state, view, view, stamp)).toBeUndefined()
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
      for (const [index, replica] of later.replicas.entries()) {
        expectSame(replica.state, rested.state)
        expectSame(later.view(index), world.type.view(rested.state))
      }
      const reached = deliverAll(later, pick)
      expectSame(reached.state, rested.state)
    },
  )

  law('states survive their encoding, and are recognised; a spoiled book is not', (world, pick) => {
    const states = [...world.snapshots, ...world.writes.map(write => world.deltaOf(write))].flatMap(
      ({ state }) => state ?? [],
    )
    for (const state of states) expectSame(reread(state), state)
    expect(states.filter(state => !world.type.isState(state))).toEqual([])
    const { state } = pick(world.snapshots)
    const copy = JSON.parse(JSON.stringify(state ?? null))
    const lives: object = copy?.cells.document?.cells?.book?.cells ?? {}
    const book = Object.values(lives)[0]?.cells.book.lattice
    if (!book) return
    expect(world.type.isState(asState(copy))).toBe(true)
    const edits = (edit: unknown) => () => Object.assign(book.edits, { 'aws-us-east-1:7': edit })
    pick([
      () => Object.assign(book, { edits: [] }),
      () => Object.assign(book.edits, { nobody: { base: 0, edit: {} } }),
      edits({ base: -1, edit: {} }),
      edits({ base: 0, edit: { body: 'x' } }),
      edits({ base: 0, edit: { body: [0] } }),
      edits({ base: 0, edit: { body: ['x', 3] } }),
      edits({ base: 0, edit: { body: ['\ud83d'] } }),
      edits({ base: 0, edit: { body: [{ d: 0 }] } }),
      edits({ base: 0, edit: { body: [{ d: 'x' }] } }),
      () => Object.assign(book, { instead: ['nobody'] }),
      () => Object.assign(book, { folded: { length: 1 } }),
      () => Object.assign(book, { ruling: { epoch: 0, log: ['nobody'], stored: {}, promised: {} } }),
      () => Object.assign(book, { ruling: { epoch: 0, log: [], dropped: -1, stored: {}, promised: {} } }),
    ])()
    expect(world.type.isState(asState(copy))).toBe(false)
  })
})

describe('texts that were replaced twice', () => {
  /** The first text is replaced at the home before anybody else has seen the second one begin. */
  it('leave together, so that a site that hears one thing after the other has no more than the rest (seed 233670959)', () => {
    const world = new TextWorld()
    for (const document of [{ body: 'a' }, {}, { body: '' }, undefined, { body: 'a' }]) {
      world.write(1, document)
      world.decide(1)
    }
    world.decide(0, { homes: textSites, turn: 1 })
    const rested = world.rest()
    expect(textBooks(rested)).toHaveLength(1)
    const reached = world.writes.reduce<Snapshot>((known, write) => world.receive(known, world.deltaOf(write)), nothing)
    expectSame(reached.state, rested.state)
  })

  it('do not wait for what took the place of the second one only, so that every order of joins ends alike', () => {
    const world = new TextWorld()
    const anew = (index: number, body: string) => {
      world.write(index, undefined)
      world.write(index, { body })
      world.decide(index)
    }
    anew(1, 'first')
    for (const other of [0, 2]) world.sendWhole(1, other)
    anew(1, 'second')
    for (const other of [0, 2]) world.sendWhole(1, other)
    const [a, b] = [world.at(0), world.at(2)]
    anew(0, 'third')
    const c = world.at(0)
    const left = world.join(world.join(a, b), c)
    expectSame(left.state, world.join(a, world.join(b, c)).state)
    expect(textBooks(left)).toHaveLength(2)
  })
})
