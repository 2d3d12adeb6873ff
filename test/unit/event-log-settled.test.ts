/**
 * What an event log has once settled, under everything that a network does: never changed, the same everywhere, and in the
 * end of everything that was said. Each planted bug is one of the ways that do not work; all of them must be found.
 */
import { describe, expect, it } from 'vitest'
import type { EventLogDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { isJsonObject } from '../../shared/document/json.ts'
import { type EventBook, eventName } from '../../shared/resolve/event-log-book.ts'
import { replayAll, replayVerdicts } from '../../shared/resolve/event-log-replay.ts'
import { fixedVerdicts, majorityOf } from '../../shared/resolve/ruling.ts'
import { bookOf, both, LogWorld, logSites, optimistic, statuses, strict } from '../laws/log-world.ts'
import { Random } from '../simulation/random.ts'

const jurisdiction = { sites: logSites, quorum: majorityOf(logSites) }
const { machine } = optimistic

/** The events that count as settled, in their order. */
type Settled = (book: EventBook) => readonly string[]

const legal = ({ replayed }: ReturnType<typeof replayAll>) =>
  replayed.flatMap(({ event, kind }) => (kind === 'legal' ? [eventName(event)] : []))
const fixedIn = ({ ruling }: EventBook) => (ruling ? fixedVerdicts(ruling, jurisdiction) : [])
const right: Settled = book => legal(replayVerdicts(fixedIn(book), book, machine))

/** Returns what went wrong first. */
function run(seed: number, descriptor: EventLogDescriptor, settled: Settled): string | undefined {
  const random = new Random(seed)
  const below = (count: number) => random.between(0, count - 1)
  const field = descriptor.settled ?? descriptor.status
  const world = new LogWorld(descriptor)
  const seen = logSites.map((): readonly string[] => [])
  const late: (() => void)[] = []
  let next = 0

  function look(): string | undefined {
    for (const [index, replica] of world.replicas.entries()) {
      const book = bookOf(replica)
      const now = settled(book)
      const view = world.view(replica)
      if (view && view[field] !== replayVerdicts(fixedIn(book), book, machine).status) return 'shown otherwise'
      const before = seen[index] ?? []
      if (before.some((name, at) => now[at] !== name)) return `${replica.site} had settled ${before}, and now ${now}`
      seen[index] = now
    }
    for (const [index, mine] of seen.entries()) {
      for (const theirs of seen.slice(index + 1)) {
        const both = Math.min(mine.length, theirs.length)
        if (mine.slice(0, both).join() !== theirs.slice(0, both).join()) return `settled ${mine} here, ${theirs} there`
      }
    }
    return undefined
  }

  function say(index: number): void {
    const before = world.view(world.at(index)) ?? {}
    const to = statuses[below(statuses.length)] ?? ''
    const events = isJsonObject(before.events) ? before.events : {}
    const said = descriptor.entries ? { events: { ...events, [`e${next++}`]: { to } } } : { status: to }
    world.write(index, { ...before, ...said }, below(60))
  }

  for (let step = 0; step < 60; step++) {
    const [index, other] = [below(3), below(3)]
    const dice = random.next()
    if (dice < 0.3) say(index)
    else if (dice < 0.36) world.decide(index, { homes: logSites, turn: 1 + below(3) })
    else if (dice < 0.5) {
      const then = world.at(index)
      late.push(() => world.sendWhole(then, other))
    } else if (dice < 0.65) late.splice(below(Math.max(1, late.length)), random.chance(0.8) ? 1 : 0)[0]?.()
    else if (dice < 0.8) world.sendDelta(index, other)
    else world.sendWhole(world.at(index), other)
    const wrong = look()
    if (wrong) return wrong
  }
  world.rest()
  const wrong = look()
  if (wrong) return wrong
  const books = world.replicas.map(bookOf)
  if (books.some(book => fixedIn(book).length !== book.events.length)) return 'something was never ruled'
  const views = new Set(world.replicas.map(replica => JSON.stringify(world.view(replica))))
  return views.size === 1 ? undefined : `at rest ${[...views].join(' and ')}`
}

function seedsUntilFound(descriptor: EventLogDescriptor, settled: Settled): number {
  for (let seed = 1; seed <= 3_000; seed++) if (run(seed, descriptor, settled) !== undefined) return seed
  return Number.POSITIVE_INFINITY
}

describe.each([
  ['optimistic', optimistic],
  ['strict', strict],
  ['both', both],
])('%s', (_, descriptor) => {
  it('what is settled never changes and is the same everywhere, and everything is ruled in the end', () => {
    for (let seed = 1; seed <= 400; seed++) expect(run(seed, descriptor, right), `seed ${seed}`).toBeUndefined()
  })

  it.each<[string, Settled]>([
    ['the whole replay by stamp counts as settled', book => legal(replayAll([], book, machine))],
    [
      'what the home has said counts before a majority has it',
      book => legal(replayVerdicts(book.ruling?.log ?? [], book, machine)),
    ],
    ['what nobody has ruled counts too', book => legal(replayAll(fixedIn(book), book, machine))],
    [
      'ruled events are replayed by stamp',
      book => {
        const names = new Set(fixedIn(book).map(verdict => (Array.isArray(verdict) ? verdict[0] : undefined)))
        const events = book.events.filter(event => names.has(eventName(event)))
        return legal(replayAll([], { events }, machine))
      },
    ],
  ])('a planted bug is found: %s', (_, settled) => {
    expect(seedsUntilFound(descriptor, settled)).toBeLessThan(3_000)
  })
})
