/**
 * One batch on its way to the function, until every record of it is done or given up. Records go out in order, one
 * invocation at a time.
 *
 * What happens to a batch that fails, and where Lambda's documentation leaves it open:
 * - Reply with failures: the records before the lowest failed one are done, the others are the batch now.
 * - Bisect: if that made the batch smaller, it counts as the split ("bisected at the returned sequence number");
 *   otherwise it is cut in half. A split uses up no retry, its parts keep the count of the whole.
 * - Otherwise the same records are tried again, which is a retry even if some were done (open; this is the harsher
 *   reading). After `maximumRetryAttempts` of them the rest of the batch is given up, innocent records included.
 * - Between two failures in a row the pause doubles, for splits too (open).
 * - Records that are too old are given up before an invocation, from the oldest on.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { readBatchResponse } from './batch-response.ts'
import type { MappingSettings } from './mapping-options.ts'
import { createOnFailureRecord, type GivenUpBecause } from './on-failure-record.ts'
import type { StreamRecord } from './stream-source.ts'

/** A run of records that is invoked together, with what was tried already. */
interface Batch {
  readonly records: readonly StreamRecord[]
  readonly retries: number
  readonly invocations: number
  /** How the last invocation failed: by throwing, or by its reply. */
  readonly threw: boolean
  /** Succeeded once and is delivered once more all the same. */
  readonly repeated: boolean
}

type Invoked =
  | { readonly kind: 'done' }
  /** `index`: the first record that is not done. */
  | { readonly kind: 'failed'; readonly index: number; readonly threw: boolean; readonly message: string }

export class Delivery {
  readonly #settings: MappingSettings
  readonly #shardId: string
  readonly #signal: AbortSignal
  /** In order; the first is next. */
  readonly #batches: Batch[] = []
  #failuresInARow = 0

  failures = 0
  lastError: string | undefined
  /** Sequence number of the last record that is done or given up. */
  checkpoint: string | undefined

  constructor(settings: MappingSettings, shardId: string, signal: AbortSignal) {
    this.#settings = settings
    this.#shardId = shardId
    this.#signal = signal
  }

  get oldest(): StreamRecord | undefined {
    return this.#batches[0]?.records[0]
  }

  /** Resolves when all records are done or given up, or, with records left, soon after the signal. */
  async deliver(records: readonly StreamRecord[]): Promise<void> {
    this.#batches.push({ records, retries: 0, invocations: 0, threw: false, repeated: false })
    while (!this.#signal.aborted) {
      const batch = this.#batches[0]
      if (!batch) return
      await this.#holdBack()
      if (this.#signal.aborted || (await this.#giveUpExpired(batch))) continue
      await this.#settle(batch, await this.#invoke(batch.records))
    }
  }

  async #settle(batch: Batch, invoked: Invoked): Promise<void> {
    const invocations = batch.invocations + 1
    if (invoked.kind === 'done') {
      this.#failuresInARow = 0
      // At least once: as if the success had not reached the poller.
      const repeat = !batch.repeated && Math.random() < this.#settings.faults.duplicate
      if (repeat) this.#batches[0] = { ...batch, invocations, repeated: true }
      else this.#complete(batch.records.length)
      return
    }

    this.#failed(invoked.message)
    this.#complete(invoked.index)
    const rest: Batch = {
      ...batch,
      records: batch.records.slice(invoked.index),
      invocations,
      threw: invoked.threw,
    }
    const split = this.#settings.bisectBatchOnFunctionError && batch.records.length > 1
    if (split) {
      this.#batches.splice(0, 1, ...(invoked.index > 0 ? [rest] : halves(rest)))
    } else if (this.#isLastRetry(batch)) {
      await this.#giveUp(rest, 'RetryAttemptsExhausted')
      return
    } else {
      this.#batches[0] = { ...rest, retries: batch.retries + 1 }
    }
    await this.#sleep(this.#backoffMs())
  }

  async #invoke(records: readonly StreamRecord[]): Promise<Invoked> {
    try {
      const reply = await this.#settings.invoke({ Records: records.map(record => record.event) })
      if (!this.#settings.reportBatchItemFailures) return { kind: 'done' }
      const outcome = readBatchResponse(
        reply,
        records.map(record => record.sequenceNumber),
      )
      if (outcome.kind === 'done') return outcome
      const message = `the function reported failures from record ${outcome.index + 1} of ${records.length} on`
      return { kind: 'failed', index: outcome.index, threw: false, message }
    } catch (error) {
      return { kind: 'failed', index: 0, threw: true, message: String(error) }
    }
  }

  /** Whether there were any. */
  async #giveUpExpired(batch: Batch): Promise<boolean> {
    const oldestAllowed = Date.now() - this.#settings.maximumRecordAgeMs
    const firstLive = batch.records.findIndex(record => record.arrivedAtMs >= oldestAllowed)
    const expired = firstLive === -1 ? batch.records : batch.records.slice(0, firstLive)
    if (expired.length === 0) return false
    await this.#giveUp({ ...batch, records: expired }, 'RecordAgeExceeded')
    return true
  }

  async #giveUp(batch: Batch, because: GivenUpBecause): Promise<void> {
    const { source, functionArn, onFailure, onLog } = this.#settings
    const { records, invocations, threw } = batch
    onLog(`${functionArn}: gave up ${records.length} records of ${this.#shardId}: ${because}`)
    try {
      await onFailure(
        createOnFailureRecord({ source, shardId: this.#shardId, records, functionArn, because, invocations, threw }),
      )
    } catch (error) {
      // As in the service, where a metric tells of it: the records are given up all the same.
      this.#failed(`the on-failure destination: ${String(error)}`)
    }
    this.#complete(records.length)
  }

  /** The first `count` records of the first batch are behind us. */
  #complete(count: number): void {
    const batch = this.#batches[0]
    const last = batch?.records[count - 1]
    if (!batch || !last) return
    this.checkpoint = last.sequenceNumber
    if (count === batch.records.length) this.#batches.shift()
    else this.#batches[0] = { ...batch, records: batch.records.slice(count) }
  }

  #failed(message: string): void {
    this.failures += 1
    this.#failuresInARow += 1
    this.lastError = message
    this.#settings.onLog(`${this.#settings.functionArn}: ${message}`)
  }

  #isLastRetry(batch: Batch): boolean {
    const { maximumRetryAttempts } = this.#settings
    return maximumRetryAttempts >= 0 && batch.retries >= maximumRetryAttempts
  }

  #backoffMs(): number {
    const { retryBackoffBaseMs, retryBackoffMaxMs } = this.#settings
    return Math.min(retryBackoffMaxMs, retryBackoffBaseMs * 2 ** (this.#failuresInARow - 1))
  }

  async #holdBack(): Promise<void> {
    const { faults, idlePollIntervalMs } = this.#settings
    if (faults.delayMs > 0) await this.#sleep(faults.delayMs)
    while (faults.paused && !this.#signal.aborted) await this.#sleep(idlePollIntervalMs)
  }

  async #sleep(ms: number): Promise<void> {
    // Rejects only when the signal is given, which the loop asks about next.
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => undefined)
  }
}

function halves(batch: Batch): Batch[] {
  const middle = Math.floor(batch.records.length / 2)
  return [
    { ...batch, records: batch.records.slice(0, middle) },
    { ...batch, records: batch.records.slice(middle) },
  ]
}
