/**
 * Since when may what a capture finds have been there? All of it was written after the document was last as the sync
 * record knows it: when the record's last commit looked, or, later than that, when an event's own write replaced just that
 * document. An event may be old, repeated or one of several: what stood before it counts, and not that it came.
 */
import { skewMaxMs } from '../causality/clock-skew.ts'
import { type Hlc, hlcToMs } from '../causality/hybrid-logical-clock.ts'
import { type Lateness, latenessOf, unknownLateness } from '../causality/lateness.ts'
import { documentHash } from '../document/canonical.ts'
import type { TellBefore } from './before.ts'
import type { SyncRecord } from './sync-record.ts'

/** How late the stamp `hlc` of a write may be that `record` does not know yet. */
export function latenessSince(
  { lookedMs, shadow }: SyncRecord,
  tell: TellBefore | undefined,
  { hlc, nowMs }: { readonly hlc: Hlc; readonly nowMs: number },
): Lateness {
  const stoodMs = stoodUntilMs(shadow, tell).filter(ms => ms <= nowMs + skewMaxMs)
  const sinceMs = Math.max(lookedMs ?? Number.NEGATIVE_INFINITY, ...stoodMs)
  return sinceMs === Number.NEGATIVE_INFINITY ? unknownLateness : latenessOf(hlcToMs(hlc) - sinceMs)
}

/** Of the events that replaced the known document. */
function stoodUntilMs(shadow: string, tell: TellBefore | undefined): readonly number[] {
  const found: number[] = []
  try {
    for (const { document, untilMs } of tell?.() ?? []) {
      if (untilMs !== undefined && documentHash(document) === shadow) found.push(untilMs)
    }
  } catch {
    // A version that cannot be carried, or an event of a form that nobody knew: whatever tells of times does not decide
    // whether a write is captured. What was told so far counts; the rest tells nothing.
  }
  return found
}
