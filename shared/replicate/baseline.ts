/**
 * What does a record know of a document that was there before Tributary was? Without history three sites that hold the
 * same document would each capture a creation of their own, and its counters would triple. So what was there before is
 * one write, the same at every site: the first counter of the type's first site, older than any real stamp. Sites that
 * hold the same document then hold the same state, and there is nothing to send.
 *
 * A real first counter is a clock in milliseconds, so this dot is never used for anything else.
 */
import type { SiteId } from '../causality/dot.ts'
import { baselineHlc } from '../causality/hybrid-logical-clock.ts'
import { documentHash } from '../document/canonical.ts'
import type { Document } from '../document/json.ts'
import { ValueRefused } from '../ports/errors.ts'
import { goneAtMs } from './gone.ts'
import type { DataType } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import { noRecord, type SyncRecord } from './sync-record.ts'

export const baselineCounter = 1

/** Whose dot it is; says nothing about where the document was. */
export function baselineSite({ plan }: DataType): SiteId {
  return plan.sites[0] ?? ''
}

/** Undefined: there was no document. Throws `ValueRefused` for one that its declared type cannot carry. */
export function baselineRecord(ref: RecordRef, type: DataType, document: Document | undefined): SyncRecord {
  if (document === undefined) return noRecord
  const misfit = type.record.misfit(document)
  if (misfit) throw new ValueRefused(ref, misfit.path, misfit.reason)
  const site = baselineSite(type)
  const written = type.record.write(undefined, undefined, document, {
    site,
    counter: baselineCounter,
    hlc: baselineHlc,
  })
  const expiresAtMs = goneAtMs(document, type, 0)
  return {
    ...noRecord,
    ...(expiresAtMs === undefined ? {} : { goneAtMs: expiresAtMs }),
    vector: { [site]: baselineCounter },
    hlc: baselineHlc,
    shadow: documentHash(document),
    state: written?.state,
  }
}

/** A record that knows only what was there before: nothing of it has travelled, and it may still be settled. */
export function isBaseline({ vector }: SyncRecord, type: DataType): boolean {
  const site = baselineSite(type)
  return Object.keys(vector).every(name => name === site && vector[name] === baselineCounter)
}
