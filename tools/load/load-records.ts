/**
 * Records on their way into one table: checked one by one, written in batches, some batches at a time. Reading waits
 * while all of them are under way, so a file of any size takes the memory of a few batches. What fails is told with its
 * place, and the rest goes on.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { type CheckedRecord, checkRecord } from './check-record.ts'
import type { KeySources } from './key-sources.ts'
import { SeenKeys } from './seen-keys.ts'
import type { SourceRecord } from './source-record.ts'
import { failedBy, type StoreWriter } from './store-writer.ts'

/** What to do about a document that is there already: an error, nothing, or write over it. */
export const existingChoices = ['fail', 'skip', 'overwrite'] as const
export type ExistingDocuments = (typeof existingChoices)[number]

export interface LoadFailure {
  readonly place: string
  /** As `npx tributary get` takes it; undefined: the record has none. */
  readonly key?: string
  readonly reason: string
}

export interface LoadCounts {
  readonly read: number
  readonly written: number
  /** There already, and left as they were. */
  readonly skipped: number
  readonly failed: number
}

export interface LoadOptions {
  readonly type: Pick<TypePlan, 'name' | 'key' | 'keyTypes'>
  readonly records: AsyncIterable<SourceRecord>
  readonly keySources: KeySources
  readonly existing: ExistingDocuments
  readonly writer: Pick<StoreWriter, 'batchMax' | 'put'>
  /** Batches under way at a time. */
  readonly concurrency: number
  readonly onFailure: (failure: LoadFailure) => void
  readonly onProgress: (counts: LoadCounts) => void
  /** Aborted: no more is read; what was read is still written. */
  readonly signal: AbortSignal
}

export interface LoadResult extends LoadCounts {
  /** The last record that was read: everything up to there was written, skipped or reported. */
  readonly upTo: string | undefined
  readonly interrupted: boolean
  /** Why the file could not be read to its end. */
  readonly brokenOff: string | undefined
}

export async function loadRecords(options: LoadOptions): Promise<LoadResult> {
  const { type, records, keySources, existing, writer, concurrency, onFailure, onProgress, signal } = options
  const counts = { read: 0, written: 0, skipped: 0, failed: 0 }
  const seen = new SeenKeys()
  const underWay = new Set<Promise<void>>()
  let batch: CheckedRecord[] = []
  let upTo: string | undefined
  let brokenOff: string | undefined

  const fail = (failure: LoadFailure) => {
    counts.failed++
    onFailure(failure)
  }
  const putAll = async (documents: readonly CheckedRecord[]) => {
    try {
      return await writer.put(documents, existing === 'overwrite' ? 'overwrite' : 'keep')
    } catch (error) {
      return documents.map(() => failedBy(error))
    }
  }
  const write = async (documents: readonly CheckedRecord[]) => {
    const outcomes = await putAll(documents)
    for (const [index, { place, key }] of documents.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined || outcome === 'written') counts.written++
      else if (outcome !== 'exists') fail({ place, key, reason: outcome.failed })
      else if (existing === 'skip') counts.skipped++
      else fail({ place, key, reason: 'exists already (--if-exists skip keeps it, overwrite replaces it)' })
    }
    onProgress(counts)
  }
  const startBatch = async () => {
    const writing = write(batch)
    batch = []
    underWay.add(writing)
    void writing.then(() => underWay.delete(writing))
    if (underWay.size >= concurrency) await Promise.race(underWay)
  }

  try {
    for await (const record of records) {
      counts.read++
      upTo = record.place
      const checked = checkRecord(record, type, keySources)
      if ('reason' in checked) fail(checked)
      else if (seen.add(checked.key)) batch.push(checked)
      else fail({ place: checked.place, key: checked.key, reason: 'a record before it in this file has the same key' })
      if (batch.length >= writer.batchMax) await startBatch()
      if (signal.aborted) break
    }
  } catch (error) {
    // What was read before is written all the same. An abort ends the reading by an error, too.
    if (!signal.aborted) brokenOff = error instanceof Error ? error.message : String(error)
  }
  if (batch.length > 0) await startBatch()
  await Promise.all(underWay)
  return { ...counts, upTo, interrupted: signal.aborted, brokenOff }
}
