/** Something that came about with a commit and that others want to hear of, such as `stock_exceeded`; in the audit store. */
import { hash } from 'node:crypto'
import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import type { Incident } from '../resolve/merge-type.ts'
import type { Here } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import type { SyncRecord } from './sync-record.ts'

export interface IncidentEntry extends RecordRef {
  readonly kind: 'incident'
  /** The same however often, and wherever, it is told: of type, key, name and subject. */
  readonly id: string
  readonly site: SiteId
  readonly origin: SiteId
  /** When the commit that brought it about was published, by this site's clock, in ms. */
  readonly atMs: number
  readonly name: string
  /** What it is about, inside the record: the id of a reservation. */
  readonly subject: string
  /** Somebody should look at it. */
  readonly review?: true
  readonly data: { readonly [name: string]: Json }
}

/** `before`: the version before, if the feed told it; told anew is what has the same id. */
export function incidentsIn(
  ref: RecordRef,
  record: SyncRecord,
  before: SyncRecord | undefined,
  { here, nowMs }: { readonly here: Here; readonly nowMs: number },
): readonly IncidentEntry[] {
  const type = here.types.get(ref.type)
  if (!type?.record.corrects) return []
  const { site } = here
  return type.record
    .happened(before?.state, record.state, { site })
    .map((incident): IncidentEntry => ({ ...about(ref, site, incident), atMs: nowMs }))
}

function about({ type, key }: RecordRef, site: SiteId, { name, id: subject, review, data }: Incident) {
  const id = hash('sha256', JSON.stringify([type, key, name, subject]), 'base64url').slice(0, 27)
  return {
    kind: 'incident' as const,
    id,
    site,
    origin: site,
    type,
    key,
    name,
    subject,
    ...(review && { review }),
    data,
  }
}
