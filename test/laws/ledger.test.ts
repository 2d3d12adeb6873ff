/**
 * The laws of a ledger. It joins like every type; what it shows is not all its applications' to write, and some of it is
 * decided: so put-get holds for what was shown, and sites agree once nothing is left to decide.
 */
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { home, ledger } from '../../shared/declare/index.ts'
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import { expectSame, historyLaws, type Pick, text } from './cases.ts'
import { objectOf } from './documents.ts'
import { spoiled } from './garbage.ts'
import { type History, nothing, plotsOf, type Replica, type Snapshot } from './history.ts'
import { joinLaws } from './join-laws.ts'

const words = ['requested', 'requested', 'accepted', 'rejected', 'cancelled', 'confirming', 'done', 'whatever'] as const

/** Two of them are names that ordinary objects already have. */
const ids = fc.constantFrom('a', '__proto__', 'constructor')

const entries = fc
  .record(
    {
      qty: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom<Json>(0.5, { $number: '12345678901234567890' })),
      status: fc.constantFrom(...words),
      until: fc.constantFrom(0, 1000),
      note: fc.constantFrom('a', 'b'),
    },
    { requiredKeys: ['qty'] },
  )
  .map((entry): Document => ({ ...entry }))

const documents = fc
  .record(
    {
      on_hand: fc.integer({ min: 0, max: 9 }),
      reservations: objectOf(ids, entries),
      available: fc.integer({ min: 0, max: 9 }),
      title: fc.constantFrom('tea', 'mug'),
    },
    { requiredKeys: [] },
  )
  .map((document): Document => ({ ...document }))

const bookings = (fixed: 'majority' | 'home') =>
  ledger({
    stock: 'on_hand',
    entries: 'reservations',
    available: 'available',
    quantity: 'qty',
    status: 'status',
    expires: 'until',
    decide: home({ fixed }),
  })

const isJoined = (history: History) => history.replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)

/** Everybody gets everything and decides, until nobody has anything to decide. */
function settled(history: History): readonly Replica[] {
  const replicas = [...history.replicas]
  for (let isQuiet = false, rounds = 0; !isQuiet; rounds++) {
    isQuiet = true
    for (const [index, replica] of replicas.entries()) {
      const all = replicas.reduce<Snapshot>((x, y) => history.join(x, y), nothing)
      const hlc = Math.max(...replicas.map(each => each.hlc))
      const decision = history.decide({ ...replica, ...all, hlc })
      replicas[index] = { site: replica.site, hlc: decision?.stamp.hlc ?? hlc, ...(decision?.after ?? all) }
      if (decision) isQuiet = false
    }
    expect(rounds, 'they never come to rest').toBeLessThan(20)
  }
  return replicas
}

function entriesIn(document: Document | undefined): ReadonlyMap<string, Document> {
  const found = isJsonObject(document?.reservations) ? document.reservations : {}
  return new Map(Object.entries(found).flatMap(([id, entry]) => (isJsonObject(entry) ? [[id, entry] as const] : [])))
}

/** What an application wrote that is its to write. */
function withoutOwned(document: Document | undefined, isRuled: (id: string) => boolean): Json {
  if (document === undefined) return null
  const { available: _, reservations: __, ...rest } = document
  const kept = [...entriesIn(document)].map(([id, { status, qty, ...entry }]) => [
    id,
    isRuled(id) ? entry : { ...entry, qty: qty ?? null },
  ])
  return { ...rest, reservations: Object.fromEntries(kept) }
}

for (const fixed of ['majority', 'home'] as const) {
  const descriptor = bookings(fixed)
  const plots = plotsOf(documents, true)
  const historyLaw = historyLaws(descriptor, plots)

  describe(`the laws of a ledger, fixed by ${fixed}`, () => {
    joinLaws(descriptor, historyLaw)

    historyLaw('a captured document reads as it was written, but for what belongs to Tributary (put-get)', history => {
      for (const { after, document } of history.writes) {
        const view = history.view(after)
        const shown = entriesIn(view)
        // A reservation that has been ruled upon or has ended keeps what it was ruled with.
        const isOwned = (id: string) => shown.get(id)?.status !== 'requested'
        expectSame(withoutOwned(view, isOwned), withoutOwned(document, isOwned))
      }
    })

    historyLaw('to capture what is shown changes nothing that is shown', history => {
      for (const snapshot of history.snapshots) {
        const shown = history.view(snapshot)
        if (shown === undefined) continue
        const stamp = { site: 'site-0', counter: 1_000_000, hlc: 1_000_000 }
        const written = history.type.write(snapshot.state, shown, shown, stamp)
        expectSame(history.type.view(written ? written.state : snapshot.state), shown)
      }
    })

    historyLaw('a later state of a site takes in all of an earlier one (dominance)', history => {
      for (const { before, after } of history.writes) {
        expectSame(history.join(before, after).state, after.state)
        expectSame(history.join(after, before).state, after.state)
      }
    })

    historyLaw('once everybody has everything all show the same, and all is decided', (history, pick) => {
      const replicas = settled(history)
      const views = new Set(replicas.map(replica => text(history.view(replica))))
      expect(views.size, [...views].join(' | ')).toBe(1)
      const statuses = [...entriesIn(history.view(pick(replicas))).values()].map(({ status }) => status)
      expect(statuses).not.toContain('requested')
      expect(statuses).not.toContain('confirming')
    })

    historyLaw('a verdict that was shown is never taken back, at no site', history => {
      const verdicts = new Map<string, boolean>()
      for (const snapshot of [...history.snapshots, isJoined(history), ...settled(history)]) {
        for (const [id, { status }] of entriesIn(history.view(snapshot))) {
          const accepted = ['accepted', 'confirming', 'confirmed', 'expired'].includes(String(status))
          if (!accepted && status !== 'rejected') continue
          expect(verdicts.get(id) ?? accepted, id).toBe(accepted)
          verdicts.set(id, accepted)
        }
      }
    })

    historyLaw('a state that is spoiled anywhere is not recognised', (history, pick: Pick) => {
      const { state } = pick(history.snapshots)
      if (state === undefined) return
      const wrong = spoiled(state, pick)
      expect(history.type.isState(wrong), JSON.stringify(wrong)).toBe(false)
    })
  })
}
