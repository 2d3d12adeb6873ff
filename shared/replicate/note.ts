/**
 * An event of a document's table, while what the table held before is not taken over yet. Nothing is captured then:
 * without history a document that was there before cannot be told from one that was just made. The event tells what
 * stood before the write it speaks of; the first such content of a record is noted as what was there before, and what
 * the application made of it since is found when the type is adopted (see adopt.ts).
 *
 * Types that did not exist before pay nothing for this, adopted ones one question in an instance's life.
 */
import { type Adoption, type AdoptionStore, Contended, ValueRefused } from '../ports/index.ts'
import { baselineRecord } from './baseline.ts'
import type { Before, TellBefore } from './before.ts'
import { attemptsMax, type CapturePorts, type CaptureResult, capture } from './capture.ts'
import { refusedDocument } from './dead-letter.ts'
import { dataTypeOf } from './here.ts'
import type { RecordRef } from './record-ref.ts'
import type { SyncRecord } from './sync-record.ts'

export interface EventPorts extends CapturePorts {
  readonly adoptions: AdoptionStore
}

/** `before`: asked only if it is needed; undefined: the hint does not tell. Rejects as `capture` does. */
export async function captureEvent(
  ref: RecordRef,
  before: TellBefore | undefined,
  ports: EventPorts,
): Promise<CaptureResult> {
  const { here, clock, adoptions, deadLetters } = ports
  const capturing = before ? { ...ports, before } : ports
  if (!dataTypeOf(here, ref.type).plan.adopt) return capture(ref, capturing)
  const adoption = await adoptions.read(ref.type)
  if (adoption && adoption.phase !== 'noting') return capture(ref, capturing)
  try {
    const stood = oldest([...(before?.() ?? [])].filter(each => !isFoundLater(each, adoption, clock.now())))
    if (!stood) return 'unchanged'
    await note(ref, stood, adoption, ports)
    // While this was under way the adoption may have ended, and nobody would look at what was noted behind it.
    const now = await adoptions.read(ref.type)
    // And whatever was written behind it: what this event's own write left does not say.
    const { left: _, ...looking } = capturing
    return now && now.phase !== 'noting' ? await capture(ref, looking) : 'unchanged'
  } catch (error) {
    if (!(error instanceof ValueRefused)) throw error
    const { field, reason } = error
    await deadLetters.put(refusedDocument({ site: here.site, ref, field, reason, atMs: clock.now() }))
    return 'refused'
  }
}

/** The first, or where events come in any order the one that tells of the oldest content. */
function oldest(events: readonly Before[]): Before | undefined {
  return events.reduce<Before | undefined>(
    (first, next) => (first === undefined || (next.writtenUs ?? 0) < (first.writtenUs ?? 0) ? next : first),
    undefined,
  )
}

/** Made before the adoption began: whatever is found then was there before. */
function isFoundLater(before: Before, adoption: Adoption | undefined, nowMs: number): boolean {
  return isNew(before, adoption) && nowMs < sinceMs(adoption)
}

function isNew({ document, createdMs = Number.NEGATIVE_INFINITY }: Before, adoption: Adoption | undefined): boolean {
  return document === undefined || createdMs > sinceMs(adoption)
}

function sinceMs(adoption: Adoption | undefined): number {
  return adoption?.sinceMs ?? Number.POSITIVE_INFINITY
}

async function note(
  ref: RecordRef,
  before: Before,
  adoption: Adoption | undefined,
  { here, store }: EventPorts,
): Promise<void> {
  const { document, writtenUs, untilMs, createdMs } = before
  const stoodNothing = isNew(before, adoption)
  // An event that overtook the creation's own tells of a document, and of nothing only until that was made.
  const lookedMs = stoodNothing && document !== undefined && createdMs !== undefined ? Math.floor(createdMs) : untilMs
  const record = {
    ...baselineRecord(ref, dataTypeOf(here, ref.type), stoodNothing ? undefined : document),
    ...(writtenUs !== undefined && { notedUs: writtenUs }),
    ...(lookedMs !== undefined && { lookedMs }),
  }
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const stored = await store.readRecord(ref)
    if (stored && !isOlder(record, stored.record)) return
    if ((await store.commit({ ref, record, expected: stored?.revision })) === 'committed') return
  }
  throw new Contended(ref, attemptsMax)
}

/** Both noted from events of a feed without order. */
function isOlder(record: SyncRecord, known: SyncRecord): boolean {
  return record.notedUs !== undefined && known.notedUs !== undefined && record.notedUs < known.notedUs
}
