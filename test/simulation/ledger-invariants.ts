/** Reservations, asked whenever everything has come to rest: decided, the same ones everywhere, never more than there is. */
import { type Document, jsonEquals } from '../../shared/document/json.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { bookingsIn, heldIn, stockIn } from './booked.ts'
import type { LedgerJournal } from './ledger-journal.ts'
import { type BookedWrite, confirmedBy, endedBy, stockOf, wasDeleted } from './ledger-model.ts'
import { type Log, logIn, verdictOf } from './ledger-rulings.ts'
import type { SimulatedSite } from './site.ts'

export function checkLedgers(sites: readonly SimulatedSite[], journal: LedgerJournal): readonly string[] {
  return [
    ...[...journal.refs.values()].flatMap(ref => checkRecord(ref, sites, journal)),
    ...sites.flatMap(({ id, deadLetters }) =>
      [...deadLetters.letters.values()].map(({ reason }) => `${id}: a dead letter: ${reason}`),
    ),
  ]
}

function checkRecord(ref: RecordRef, sites: readonly SimulatedSite[], journal: LedgerJournal): readonly string[] {
  const name = recordName(ref)
  const texts = new Set(sites.map(({ database }) => JSON.stringify(ordered(database.document(ref)))))
  if (texts.size > 1) return [`${name}: the sites differ: ${[...texts].join(' | ')}`]
  const [site] = sites
  const document = site?.database.document(ref)
  const stored = site?.database.record(ref)
  const log = stored === undefined ? undefined : logIn(decodeRecord(stored).state)
  const logs = new Set(
    sites.map(({ database }) => JSON.stringify(logIn(decodeRecord(database.record(ref) ?? '').state))),
  )
  const writes = journal.writes.get(name) ?? []
  return [
    ...(logs.size > 1 ? [`${name}: the logs differ: ${[...logs].join(' | ')}`] : []),
    ...undecided(name, document),
    ...(wasDeleted(writes)
      ? []
      : [
          ...modelled(name, document, writes),
          ...oversold(name, document, journal.rulings.takenUnseen(name, writes, log)),
        ]),
    ...told(ref, log, document, sites),
  ]
}

function undecided(name: string, document: Document | undefined): readonly string[] {
  return [...bookingsIn(document)].flatMap(([id, { status }]) =>
    status === 'requested' || status === 'confirming' ? [`${name}: ${id} stays ${status} for ever`] : [],
  )
}

/** Against what applications said, in sums and sets. */
function modelled(name: string, document: Document | undefined, writes: readonly BookedWrite[]): readonly string[] {
  const found: string[] = []
  const stock = stockOf(writes)
  if (stockIn(document) !== stock) found.push(`${name}: the stock is ${stockIn(document)}, written was ${stock}`)
  const ended = endedBy(writes)
  const confirmed = confirmedBy(writes)
  for (const [id, { status }] of bookingsIn(document)) {
    const isOver = status === 'cancelled' || status === 'done'
    if (ended.get(id) !== (isOver ? status : undefined))
      found.push(`${name}: ${id} is ${status}, by its applications ${ended.get(id) ?? 'not ended'}`)
    if (status === 'confirmed' && !confirmed.has(id)) found.push(`${name}: ${id} is confirmed, and nobody asked for it`)
  }
  return found
}

/** More may be held than there is only where stock was taken away without the knowledge of the home. */
function oversold(name: string, document: Document | undefined, takenUnseen: number): readonly string[] {
  const [held, stock] = [heldIn(document), stockIn(document)]
  return held > Math.max(0, stock + takenUnseen)
    ? [`${name}: ${held} held of ${stock}, of which ${takenUnseen} were taken away unseen`]
    : []
}

/** `stock_exceeded` under one id for each rejection, and for nothing else. */
function told(
  ref: RecordRef,
  log: Log | undefined,
  document: Document | undefined,
  sites: readonly SimulatedSite[],
): readonly string[] {
  // What was deleted is not decided about, nor spoken of.
  if (document === undefined) return []
  const name = recordName(ref)
  const rejected = (log?.verdicts ?? []).map(verdictOf).flatMap(({ id, kind }) => (kind === 'rejected' ? [id] : []))
  const incidents = new Map(
    sites.flatMap(({ auditStore }) =>
      [...auditStore.entries.values()].flatMap(entry =>
        'kind' in entry && entry.kind === 'incident' && recordName(entry) === name
          ? [[entry.id, `${entry.name} ${entry.subject}`] as const]
          : [],
      ),
    ),
  )
  const expected = rejected.map(id => `stock_exceeded ${id}`).sort()
  const found = [...incidents.values()].sort()
  return jsonEquals(expected, found) ? [] : [`${name}: told of ${found.join()}, rejected ${rejected.join()}`]
}

function ordered(document: Document | undefined): unknown {
  return document && JSON.parse(JSON.stringify(document, (_, value) => sorted(value)))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
}
