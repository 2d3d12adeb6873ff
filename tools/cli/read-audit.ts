/** The audit stores of all sites, read as one: of every site and data type that is meant, in the order of time. */
import { z } from 'zod'
import { inOrder } from '../../functions/common/in-order.ts'
import { typesAt } from '../../shared/declare/sync-plan.ts'
import type { AuditFilter } from '../../shared/ports/index.ts'
import { type AuditEntry, isResolution } from '../../shared/replicate/audit-entry.ts'
import { auditAt } from '../../shared/replicate/audit-place.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'
import { type Clouds, requireType } from './clouds.ts'

/** Absent: all of it. */
export interface AuditQuestion extends Partial<Omit<AuditFilter, 'order' | 'limit'>> {
  readonly sites?: readonly string[]
  /** Default `oldest`. */
  readonly order?: AuditFilter['order']
  /** Entries in all; default: however many there are. */
  readonly limit?: number
}

const page = z.object({
  entries: z.array(z.custom<AuditEntry>(value => typeof value === 'object' && value !== null && 'id' in value)),
  cursor: z.string().optional(),
})

/** Entries that are asked of a site at a time. */
const pageMax = 200

export async function readAudit(clouds: Clouds, question: AuditQuestion = {}): Promise<readonly AuditEntry[]> {
  const { plan } = clouds
  const { sites = plan.sites.map(({ id }) => id), type, order = 'oldest', limit = Number.POSITIVE_INFINITY } = question
  if (type !== undefined) requireType(clouds, type)
  const { key, fromMs, untilMs, rule, review } = question
  const asked = {
    ...{ ...(key && { key: [...key] }), ...(rule !== undefined && { rule }), ...(review && { review }) },
    ...{ ...(fromMs !== undefined && { fromMs }), ...(untilMs !== undefined && { untilMs }) },
    ...{ order, limit: Math.min(limit, pageMax) },
  }
  const sequences = sites.flatMap(site =>
    typesAt(plan, site)
      .filter(({ name, key: fields }) => (type ?? name) === name && (key?.length ?? fields.length) === fields.length)
      .map(({ name }) => entriesOf(clouds, site, { type: name, ...asked })),
  )
  const isBefore = (a: AuditEntry, b: AuditEntry) => auditAt(a) < auditAt(b) === (order === 'oldest')
  const found: AuditEntry[] = []
  for await (const entry of inOrder(sequences, isBefore)) {
    if (found.length === limit) break
    found.push(entry)
  }
  return found
}

export async function readResolutions(clouds: Clouds, question: AuditQuestion = {}): Promise<readonly Resolution[]> {
  return (await readAudit(clouds, question)).filter(isResolution)
}

async function* entriesOf(clouds: Clouds, site: string, filter: AuditFilter): AsyncGenerator<AuditEntry> {
  let cursor: string | undefined
  do {
    const { key, ...others } = filter
    const asked = { ...others, ...(key && { key: [...key] }) }
    const { entries, cursor: next } = page.parse(
      await clouds.ask(site, { ask: 'audit', filter: asked, ...(cursor === undefined ? {} : { cursor }) }),
    )
    yield* entries
    cursor = next
  } while (cursor !== undefined)
}
