/** Reservations, asked whenever everything has come to rest: decided, the same ones everywhere, never more than there is. */
import { type Document, jsonEquals } from '../../shared/document/json.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { availableIn, bookingsIn, heldIn, stockIn } from './booked.ts'
import { deadLettersOf, differing, toldOf } from './decision-run.ts'
import type { LedgerJournal } from './ledger-journal.ts'
import { type BookedWrite, confirmedBy, endedBy, stockOf, wasDeleted } from './ledger-model.ts'
import { revokesLatest, verdictOf } from './ledger-rulings.ts'
import { differingLogs, type Log, logIn } from './ruling-logs.ts'
import type { SimulatedSite } from './site.ts'

export function checkLedgers(sites: readonly SimulatedSite[], journal: LedgerJournal): readonly string[] {
  return [...[...journal.refs.values()].flatMap(ref => checkRecord(ref, sites, journal)), ...deadLettersOf(sites)]
}

function checkRecord(ref: RecordRef, sites: readonly SimulatedSite[], journal: LedgerJournal): readonly string[] {
  const name = recordName(ref)
  const differ = differing(ref, sites)
  if (differ.length > 0) return differ
  const [site] = sites
  const document = site?.database.document(ref)
  const stored = site?.database.record(ref)
  const log = stored === undefined ? undefined : logIn(decodeRecord(stored).state)
  const writes = journal.writes.get(name) ?? []
  return [
    ...differingLogs(ref, sites),
    ...undecided(name, document),
    ...(wasDeleted(writes)
      ? []
      : [
          ...modelled(name, document, writes),
          ...oversold(name, document, journal.rulings.takenUnseen(name, writes, log)),
        ]),
    ...told(ref, log, document, sites),
    ...toldShort(ref, sites, journal.short.has(name)),
    ...kept(ref, document),
  ]
}

export function undecided(name: string, document: Document | undefined): readonly string[] {
  return [...bookingsIn(document)].flatMap(([id, { status }]) =>
    status === 'requested' || status === 'confirming' ? [`${name}: ${id} stays ${status} for ever`] : [],
  )
}

/** Against what applications said, in sums and sets. */
export function modelled(
  name: string,
  document: Document | undefined,
  writes: readonly BookedWrite[],
): readonly string[] {
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

/** `stock_exceeded` under one id for each rejection, `reservation_revoked` for what was given up, and nothing else. */
function told(
  ref: RecordRef,
  log: Log | undefined,
  document: Document | undefined,
  sites: readonly SimulatedSite[],
): readonly string[] {
  // What was deleted is not decided about, nor spoken of.
  if (document === undefined) return []
  const name = recordName(ref)
  const expected = (log?.verdicts ?? [])
    .map(verdictOf)
    .flatMap(({ id, kind }) => {
      if (kind === 'revoked') return [`reservation_revoked ${id}`]
      return kind === 'rejected' ? [`stock_exceeded ${id}`] : []
    })
    .sort()
  const found = toldOf(ref, sites).filter(each => !each.startsWith('stock_short'))
  return jsonEquals(expected, found) ? [] : [`${name}: told of ${found.join()}, expected ${expected.join()}`]
}

/** `stock_short`, where more is held than there is, and only where a site ever showed that. */
export function toldShort(ref: RecordRef, sites: readonly SimulatedSite[], wasShort: boolean): readonly string[] {
  const name = recordName(ref)
  const found = toldOf(ref, sites).filter(each => each.startsWith('stock_short'))
  const document = sites[0]?.database.document(ref)
  const isShort = availableIn(document) < 0 && heldIn(document) > 0
  return [
    ...(isShort && found.length === 0 ? [`${name}: nobody told that stock is short`] : []),
    ...(found.length > 0 && !wasShort ? [`${name}: told of ${found.join()}, and no site showed that`] : []),
  ]
}

/** Where the home gives up what it accepted last, only what was confirmed may be more than there is. */
function kept(ref: RecordRef, document: Document | undefined): readonly string[] {
  if (!revokesLatest(ref) || availableIn(document) >= 0) return []
  return [...bookingsIn(document)].flatMap(([id, { status }]) =>
    status === 'accepted' ? [`${recordName(ref)}: ${id} is kept, and stock is short`] : [],
  )
}
