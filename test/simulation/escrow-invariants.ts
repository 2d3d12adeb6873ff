/** Reservations by escrow, asked whenever everything has come to rest: answered, the same everywhere, rejections told. */
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { deadLettersOf, differing, toldOf } from './decision-run.ts'
import type { EscrowJournal } from './escrow-journal.ts'
import { answersIn } from './escrow-model.ts'
import { modelled, toldShort, undecided } from './ledger-invariants.ts'
import { wasDeleted } from './ledger-model.ts'
import { bookIn } from './ruling-logs.ts'
import type { SimulatedSite } from './site.ts'

export function checkEscrows(sites: readonly SimulatedSite[], journal: EscrowJournal): readonly string[] {
  return [...[...journal.refs.values()].flatMap(ref => checkRecord(ref, sites, journal)), ...deadLettersOf(sites)]
}

function checkRecord(ref: RecordRef, sites: readonly SimulatedSite[], journal: EscrowJournal): readonly string[] {
  const name = recordName(ref)
  const differ = differing(ref, sites)
  if (differ.length > 0) return differ
  const document = sites[0]?.database.document(ref)
  const writes = journal.writes.get(name) ?? []
  return [
    ...differingRows(ref, sites),
    ...(wasDeleted(writes) ? [] : [...undecided(name, document), ...modelled(name, document, writes)]),
    ...(document === undefined ? [] : told(ref, sites, journal)),
    ...toldShort(ref, sites, journal.short.has(name)),
  ]
}

function differingRows(ref: RecordRef, sites: readonly SimulatedSite[]): readonly string[] {
  const versions = new Set(
    sites.map(({ database }) => {
      const escrow = bookIn(decodeRecord(database.record(ref) ?? '').state)?.escrow ?? {}
      return JSON.stringify(
        Object.entries(escrow)
          .map(([site, row]) => [site, Object(row).version])
          .sort(),
      )
    }),
  )
  return versions.size > 1 ? [`${recordName(ref)}: the rows differ: ${[...versions].join(' | ')}`] : []
}

/** `stock_exceeded` for each rejection, and for nothing that no site rejected. */
function told(ref: RecordRef, sites: readonly SimulatedSite[], journal: EscrowJournal): readonly string[] {
  const name = recordName(ref)
  const rows = journal.rows(name)
  const rejected = [...answersIn(rows)].flatMap(([id, { kind }]) =>
    kind === 'rejected' ? [`stock_exceeded ${id}`] : [],
  )
  const byAny = new Set(
    [...rows.values()].flatMap(({ answers }) =>
      [...answers].flatMap(([id, kind]) => (kind === 'rejected' ? [`stock_exceeded ${id}`] : [])),
    ),
  )
  const found = toldOf(ref, sites).filter(each => !each.startsWith('stock_short'))
  return [
    ...rejected.filter(each => !found.includes(each)).map(each => `${name}: nobody told of ${each}`),
    ...found.filter(each => !byAny.has(each)).map(each => `${name}: told of ${each}`),
  ]
}
