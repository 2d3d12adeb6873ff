/** Audit entries and dead letters as the functions stored them: our own JSON, read back for the command line. */
import { z } from 'zod'
import { unpackParts } from '../../functions/common/packed-parts.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'

const auditEntry = z.custom<AuditEntry>(hasField('id'))
const deadLetter = z.custom<DeadLetter>(hasField('kind'))

function hasField(name: string) {
  return (value: unknown) => typeof value === 'object' && value !== null && name in value
}

/** One item of an audit store: an entry, or a part of one that is larger than an item. */
export type StoredEntry =
  | { readonly resolution: unknown }
  | { readonly id: string; readonly part: number; readonly packed: Uint8Array }

export async function readAuditEntries(entries: readonly StoredEntry[]): Promise<readonly AuditEntry[]> {
  const whole = entries.flatMap(entry => ('resolution' in entry ? [readEntry(entry.resolution)] : []))
  const parts = Map.groupBy(
    entries.flatMap(entry => ('packed' in entry ? [entry] : [])),
    ({ id }) => id,
  )
  const packed = [...parts.values()].map(async row => {
    const inOrder = row.toSorted((a, b) => a.part - b.part).map(({ packed }) => packed)
    return readEntry(await unpackParts(inOrder))
  })
  return [...whole, ...(await Promise.all(packed))]
}

function readEntry(value: unknown): AuditEntry {
  return auditEntry.parse(typeof value === 'string' ? JSON.parse(value) : value)
}

export function readDeadLetter(text: string): DeadLetter {
  return deadLetter.parse(JSON.parse(text))
}
