/**
 * What does a site know of a record, told to another one that wants to forget it? Only what the other has to compare:
 * the vector, whether the document is gone, what is left of it, and for how long it has been so.
 */
import type { SiteId } from '../causality/dot.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import type { Clock, RecordStore } from '../ports/index.ts'
import { goneForMs } from './gone.ts'
import type { Here } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import type { SyncRecord } from './sync-record.ts'

export type Standing =
  | { readonly standing: 'alive'; readonly vector: VersionVector }
  /** The document is gone; `deleted`: its content is kept, unseen; `stripped`: nothing but the vector is. */
  | { readonly standing: 'deleted' | 'stripped'; readonly vector: VersionVector; readonly forMs: number }
  /** No sync record: never heard of, or forgotten. */
  | { readonly standing: 'absent' }
  /** One of the two sites may not hold the type, or the record could not be read: nothing can be concluded. */
  | { readonly standing: 'unknown' }

/** `plan`: hash of the asker's declaration; under another one the record may be at other sites. */
export interface StandingQuestion extends RecordRef {
  readonly plan: string
}

export interface StandingPorts {
  readonly here: Here
  readonly clock: Clock
  readonly store: RecordStore
}

export function standingOf(record: SyncRecord | undefined, nowMs: number): Standing {
  if (!record) return { standing: 'absent' }
  const { vector, state } = record
  const forMs = goneForMs(record, nowMs)
  if (forMs === undefined) return { standing: 'alive', vector }
  return { standing: state === undefined ? 'stripped' : 'deleted', vector, forMs }
}

/** One answer per question, in their order. Never rejects. */
export async function tellStandings(
  questions: readonly StandingQuestion[],
  asker: SiteId,
  { here, clock, store }: StandingPorts,
): Promise<readonly Standing[]> {
  const tell = async ({ plan, ...ref }: StandingQuestion): Promise<Standing> => {
    const type = here.types.get(ref.type)
    if (plan !== here.plan.hash || !type?.plan.sites.includes(asker)) return { standing: 'unknown' }
    try {
      return standingOf((await store.readRecord(ref))?.record, clock.now())
    } catch {
      return { standing: 'unknown' }
    }
  }
  return Promise.all(questions.map(tell))
}
