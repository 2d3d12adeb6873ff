/**
 * Rights to a stock, counted plainly: what a site brought in, what others handed to it and it to others, what it has given
 * away. Of the product's data only the rows are read, that is what sites say of themselves.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { isJsonObject, type Json } from '../../shared/document/json.ts'
import { bookingsIn, holding, stockIn } from './booked.ts'
import { plan } from './catalogue.ts'
import { type BookedWrite, endedBy } from './ledger-model.ts'

const sites: readonly SiteId[] = plan.sites.map(({ id }) => id)

export interface Row {
  readonly version: number
  readonly given: ReadonlyMap<SiteId, number>
  readonly writtenOff: ReadonlyMap<SiteId, number>
  readonly asked: ReadonlyMap<string, number>
  readonly answers: ReadonlyMap<string, string>
}

export type Rows = ReadonlyMap<SiteId, Row>

/** As they stand in a sync record. */
export function rowsIn(book: { readonly [name: string]: Json } | undefined): Rows {
  const escrow = isJsonObject(book?.escrow) ? book.escrow : {}
  return new Map(
    Object.entries(escrow).flatMap(([site, row]) => {
      if (!isJsonObject(row)) return []
      const entries = (field: Json | undefined) => Object.entries(isJsonObject(field) ? field : {})
      return [
        [
          site,
          {
            version: Number(row.version),
            writtenOff: new Map(entries(row.writtenOff).map(([from, amount]) => [from, Number(amount)])),
            given: new Map(entries(row.given).map(([to, amount]) => [to, Number(amount)])),
            asked: new Map(entries(row.asked).map(([id, asked]) => [id, Array.isArray(asked) ? Number(asked[0]) : 0])),
            answers: new Map(entries(row.answers).map(([id, kind]) => [id, String(kind)])),
          },
        ] as const,
      ]
    }),
  )
}

export interface Answer {
  readonly kind: string
  readonly quantity: number
}

/** Of two sites that were asked for the same thing the first one counts, and an acceptance more than a rejection. */
export function answersIn(rows: Rows): ReadonlyMap<string, Answer> {
  const found = new Map<string, Answer>()
  for (const site of sites) {
    const row = rows.get(site)
    for (const [id, kind] of row?.answers ?? []) {
      if (!found.has(id) || found.get(id)?.kind === 'rejected')
        found.set(id, { kind, quantity: row?.asked.get(id) ?? 0 })
    }
  }
  return found
}

/** At how many sites an id was asked for. */
export function askedAt(rows: Rows, id: string): number {
  return [...rows.values()].filter(({ asked }) => asked.has(id)).length
}

export function heldOf(answers: ReadonlyMap<string, Answer>, ended: ReadonlyMap<string, string>): number {
  let held = 0
  for (const [id, { kind, quantity }] of answers) if (isHeld(kind) && !ended.has(id)) held += quantity
  return held
}

/** `writes`: those that the site has seen. */
export function rightsOf(site: SiteId, rows: Rows, writes: readonly BookedWrite[]): number {
  const own = writes.filter(({ dot: [at] }) => at === site)
  let rights = own.reduce((sum, { before, after }) => sum + stockIn(after) - stockIn(before), 0)
  for (const other of sites) {
    rights += rows.get(other)?.given.get(site) ?? 0
    rights -= rows.get(site)?.given.get(other) ?? 0
    rights += rows.get(site)?.writtenOff.get(other) ?? 0
    rights -= rows.get(other)?.writtenOff.get(site) ?? 0
  }
  const ended = endedBy(writes)
  const before = sites.slice(0, sites.indexOf(site))
  for (const [id, kind] of rows.get(site)?.answers ?? []) {
    const isElsewhere = before.some(other => isHeld(rows.get(other)?.answers.get(id)))
    if (isHeld(kind) && !ended.has(id) && !isElsewhere) rights -= rows.get(site)?.asked.get(id) ?? 0
  }
  return rights
}

function isHeld(kind: string | undefined): boolean {
  return kind === 'accepted' || kind === 'confirmed'
}

/** What operators took from sites that were not lost: so much may be given away twice. */
export function writtenOffIn(rows: Rows): number {
  return [...rows.values()]
    .flatMap(({ writtenOff }) => [...writtenOff.values()])
    .reduce((sum, amount) => sum + amount, 0)
}

/**
 * Stock that was taken away although nothing had been shipped for it: so much may be missing. What was shipped may go, by
 * whomever, if nobody else ended the same reservation without knowing of it.
 */
export function takenUnshipped(writes: readonly BookedWrite[], rows: Rows): number {
  const ending = (write: BookedWrite) => [...endedBy([write]).keys()]
  const endings = new Map<string, number>()
  for (const id of writes.flatMap(ending)) endings.set(id, (endings.get(id) ?? 0) + 1)
  const answers = answersIn(rows)
  return writes.reduce((sum, { before, after }) => {
    const is = bookingsIn(after)
    const shipped = [...bookingsIn(before)].reduce((all, [id, { status, quantity }]) => {
      const isShipped = holding.has(status) && is.get(id)?.status === 'done'
      const isSure = endings.get(id) === 1 && askedAt(rows, id) === 1 && answers.get(id)?.kind !== 'expired'
      return isShipped && isSure ? all + quantity : all
    }, 0)
    return sum + Math.max(0, stockIn(before) - stockIn(after) - shipped)
  }, 0)
}
