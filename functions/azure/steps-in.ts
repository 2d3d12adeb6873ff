/**
 * Through which versions did an item go, by a change feed of all versions and deletes? Where an account's feed does not
 * carry the version before, nobody can tell whether there was another one.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Step } from '../../shared/replicate/steps.ts'
import { changesOf } from './stood-before.ts'
import { documentFromItem } from './values.ts'

/** In the order of the feed. Throws `ValueRefused`. */
export function* stepsIn(feed: readonly unknown[], ref: RecordRef, type: TypePlan): Iterable<Step> {
  for (const { current, previous, operationType } of changesOf(feed, ref, type)) {
    if (!previous && operationType !== 'create') continue
    yield {
      before: previous && documentFromItem(ref, type, previous).document,
      after: current && documentFromItem(ref, type, current).document,
    }
  }
}
