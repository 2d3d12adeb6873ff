/**
 * Cosmos DB trigger: follows the change feed of a container and invokes the function with each batch, in order within
 * a feed range, side by side between ranges.
 *
 * The position is saved only after the function has ended, so a host or instance that dies delivers the batch again.
 * **A function that fails loses its batch** once its retry policy is used up, and at once if it declares none: the
 * official listener reports the error and lets the checkpoint move on (azure-webjobs-sdk-extensions,
 * `CosmosDBTriggerListener.ProcessChangesAsync`). This is imitated on purpose. Declare `maxRetryCount: -1`.
 */
import { z } from 'zod'
import { WorkerEnded } from '../runtime/function-worker.ts'
import { awaitDelivery, happens } from './await-delivery.ts'
import type { CosmosFeed, LeasedRange } from './cosmos-feed.ts'
import type { TriggerEvent } from './function-protocol.ts'
import { pause } from './pause.ts'
import { PollDelay } from './poll-delay.ts'
import { retryDelayMs } from './retry-delay.ts'
import { runInvocation } from './run-invocation.ts'
import type { Trigger, TriggerOptions } from './trigger.ts'
import { TriggerHealth } from './trigger-health.ts'

/** Follows all ranges of `feed` until it is stopped; then closes it. */
export function startCosmosTrigger(options: TriggerOptions, feed: CosmosFeed): Trigger {
  const { fn } = options
  const health = new TriggerHealth(options.onLog)
  const stopping = new AbortController()
  const followers = feed.ranges.map(range => new RangeFollower(range, options, health, stopping.signal))
  const running = followers.map(follower => follower.run())
  return {
    functions: [fn.name],
    status: () => {
      const changedMs = followers.map(follower => follower.oldestChangeMs).filter(ms => ms !== undefined)
      const { failures, lastError } = health
      return {
        failures,
        lastError,
        ...(changedMs.length > 0 && { lagMs: Math.max(0, Date.now() - Math.min(...changedMs)) }),
      }
    },
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
      feed.close()
    },
  }
}

class RangeFollower {
  readonly #range: LeasedRange
  readonly #options: TriggerOptions
  readonly #health: TriggerHealth
  readonly #stopping: AbortSignal
  /** A batch that a stalled former owner of the lease will still deliver, after a later one (fault `reorder`). */
  #stalled: TriggerEvent | undefined
  /** When the oldest change in work was made, to the second that Cosmos tells; undefined while nothing is. */
  oldestChangeMs: number | undefined

  constructor(range: LeasedRange, options: TriggerOptions, health: TriggerHealth, stopping: AbortSignal) {
    this.#range = range
    this.#options = options
    this.#health = health
    this.#stopping = stopping
  }

  /** Whatever goes wrong in reaching Cosmos: notes it, waits, and goes on from the saved position. */
  async run(): Promise<void> {
    const { feedsAsDeclared, pollDelayMs } = this.#options.pace
    // Feeds that are followed in step stay so, and publish would wait for nearly all of its delay behind capture.
    if (feedsAsDeclared) await pause(Math.random() * pollDelayMs, this.#stopping)
    while (!this.#stopping.aborted) {
      try {
        await this.#follow(await this.#range.position())
      } catch (error) {
        this.#health.note(`change feed of ${this.#options.fn.name}, range ${this.#range.token}`, error)
        await pause(this.#options.pace.retryDelayMsMax, this.#stopping)
      }
    }
  }

  async #follow(saved: string | undefined): Promise<void> {
    const { doorbell } = this.#range
    const delay = new PollDelay(this.#options.pace, { doorbell })
    let position = saved
    while (!this.#stopping.aborted) {
      delay.look()
      const page = await this.#range.readNext(position)
      if (page.items.length > 0) {
        if (!(await this.#deliver(page.items))) return
        await this.#range.checkpoint(page.position)
        delay.foundSomething()
        // Every later change rings.
        if (doorbell && page.isFull === false) await delay.wait(this.#stopping)
      } else {
        await delay.wait(this.#stopping)
      }
      position = page.position
    }
  }

  /** Delivers one batch with its retries. False: stopped before it was done with, so it is not checkpointed. */
  async #deliver(items: readonly unknown[]): Promise<boolean> {
    const { faults } = this.#options
    const event: TriggerEvent = { data: { json: JSON.stringify(items) } }
    this.oldestChangeMs = oldestChangeMs(items)
    try {
      if (!(await this.#invokeUntilDone(event))) return false
      if (happens(faults.duplicate)) await this.#invokeOnce(event, 'a duplicate')
      const stalled = this.#stalled
      this.#stalled = happens(faults.reorder) ? event : undefined
      if (stalled) await this.#invokeOnce(stalled, 'a batch delivered late')
      return true
    } finally {
      this.oldestChangeMs = undefined
    }
  }

  async #invokeUntilDone(event: TriggerEvent): Promise<boolean> {
    const { app, fn, faults, pace } = this.#options
    let retryCount = 0
    while (await awaitDelivery(faults, this.#stopping)) {
      const result = await runInvocation(app, fn, { ...event, ...retryContext(fn.retry, retryCount) }).catch(
        endedInstance,
      )
      if (result === 'ended') {
        // Another instance takes the lease over: it knows nothing of the attempts before.
        retryCount = 0
        continue
      }
      if (result.succeeded) return true
      this.#health.note(`${fn.name} failed`, result.error)
      retryCount += 1
      const policy = fn.retry
      if (!policy || (policy.maxRetryCount !== -1 && retryCount > policy.maxRetryCount)) {
        this.#options.onLog(`${fn.name}: this batch is lost, as its retry policy allows no further attempt`)
        return true
      }
      await pause(Math.min(retryDelayMs(policy, retryCount), pace.retryDelayMsMax), this.#stopping)
    }
    return false
  }

  /** An extra delivery of a batch that was already done with: its failure changes nothing. */
  async #invokeOnce(event: TriggerEvent, what: string): Promise<void> {
    const { app, fn } = this.#options
    const result = await runInvocation(app, fn, event).catch(endedInstance)
    if (result !== 'ended' && !result.succeeded) this.#health.note(`${fn.name} failed on ${what}`, result.error)
  }
}

function retryContext(policy: TriggerOptions['fn']['retry'], retryCount: number): Pick<TriggerEvent, 'retryContext'> {
  return policy && retryCount > 0 ? { retryContext: { retryCount, maxRetryCount: policy.maxRetryCount } } : {}
}

function endedInstance(error: unknown): 'ended' {
  if (error instanceof WorkerEnded) return 'ended'
  throw error
}

/** `_ts` of a document, `crts` of a version: both in whole seconds. */
const changeTimeSchema = z.union([
  z.object({ metadata: z.object({ crts: z.number() }) }).transform(({ metadata }) => metadata.crts),
  z.object({ _ts: z.number() }).transform(({ _ts }) => _ts),
])

function oldestChangeMs(items: readonly unknown[]): number | undefined {
  const seconds = items.flatMap(item => changeTimeSchema.safeParse(item).data ?? [])
  return seconds.length === 0 ? undefined : Math.min(...seconds) * 1000
}
