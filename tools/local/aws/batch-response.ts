/**
 * How Lambda reads the reply of a function whose mapping reports batch item failures.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 *
 * Success: nothing, `{}`, an empty or null `batchItemFailures`. Failure of the whole batch: an identifier that is
 * empty, null, under another key. Not documented for streams, and taken as a failure of the whole batch because
 * success would lose records: a reply that is no object, an identifier that is not in the batch.
 */
import { z } from 'zod'

/** All records done; or those before `index` (0: none), which is where the retry starts. */
export type BatchOutcome = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly index: number }

const replySchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish()

/** Of a stream. */
export function readBatchResponse(reply: unknown, sequenceNumbers: readonly string[]): BatchOutcome {
  const indexes = failedItems(reply, sequenceNumbers).map(item => sequenceNumbers.indexOf(item))
  if (indexes.length === 0) return { kind: 'done' }
  return { kind: 'failed', index: Math.min(...indexes) }
}

/** Which of the items have to be delivered again; all of them for a reply that cannot be read or names another. */
export function failedItems(reply: unknown, identifiers: readonly string[]): readonly string[] {
  const parsed = replySchema.safeParse(reply)
  if (!parsed.success) return identifiers
  const failed = (parsed.data?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier)
  return failed.every(item => identifiers.includes(item)) ? failed : identifiers
}
