/** An audit entry as the functions stored it, our own JSON: plain, or compressed and in parts. */
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import { unpackParts } from './packed-parts.ts'

export function entryFromText(text: string): AuditEntry {
  return JSON.parse(text)
}

export interface PackedPart {
  readonly part: number
  readonly packed: Uint8Array
}

/** In whatever order they come. */
export async function entryFromParts(parts: readonly PackedPart[]): Promise<AuditEntry> {
  const inOrder = parts.toSorted((a, b) => a.part - b.part).map(({ packed }) => packed)
  return entryFromText(await unpackParts(inOrder))
}
