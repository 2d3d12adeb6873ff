/**
 * What the triggers of Google Cloud share: calls a function with one event at a time per slot, adds the faults a test
 * asks for, and keeps count. When to try again is the trigger's business, as it differs: Eventarc keeps the event and
 * backs off, a Pub/Sub subscription gets it back.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliveryFaults } from '../runtime/delivery-faults.ts'
import type { CloudFunction, FunctionRequest } from './cloud-function.ts'
import type { TriggerStatus } from './trigger-status.ts'

/** How often a paused trigger looks whether it may go on, in ms. */
const PAUSE_POLL_MS = 20

/** How long a delivery is held back at most by the fault `reorder`, in ms: later ones overtake it meanwhile. */
const REORDER_WINDOW_MS = 100

/** `stopped`: the trigger ended before the event was tried. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'stopped'

export interface EventDeliveryOptions {
  /** Name of the trigger, for its log lines. */
  readonly name: string
  readonly cloudFunction: Pick<CloudFunction, 'request'>
  readonly maxInFlight: number
  /** How long the cloud takes to hand an event over, in ms; default 0. */
  readonly latencyMs?: number
  readonly faults: DeliveryFaults
  /** 0 to 1, as `Math.random`: decides which deliveries the faults hit. */
  readonly random: () => number
  readonly onLog: (line: string) => void
}

export class EventDelivery {
  readonly #options: EventDeliveryOptions
  readonly #stopping = new AbortController()
  /** Events taken over and not yet done with, by the time since when each of them waits. */
  readonly #waiting = new Map<Promise<void>, number>()
  readonly #slotWaiters: (() => void)[] = []
  #freeSlots: number
  #failures = 0
  #lastError: string | undefined

  constructor(options: EventDeliveryOptions) {
    this.#options = options
    this.#freeSlots = options.maxInFlight
  }

  /** Takes an event over: it counts as waiting since `sinceMs` until `deliver`, which must not reject, is done. */
  take(sinceMs: number, deliver: () => Promise<void>): void {
    const done = deliver().finally(() => this.#waiting.delete(done))
    this.#waiting.set(done, sinceMs)
  }

  /** Delivers once, or twice when the fault `duplicate` says so. Delivered is what was answered with a 2xx. */
  async attempt(request: FunctionRequest): Promise<DeliveryOutcome> {
    const { faults, random } = this.#options
    const outcome = await this.#deliver(request)
    if (outcome === 'delivered' && random() < faults.duplicate) await this.#deliver(request)
    return outcome
  }

  /** False when the trigger stopped meanwhile. */
  async wait(ms: number): Promise<boolean> {
    const { signal } = this.#stopping
    await sleep(ms, undefined, { signal }).catch(() => undefined)
    return !signal.aborted
  }

  status(): TriggerStatus {
    const nowMs = Date.now()
    let oldestMs = nowMs
    for (const sinceMs of this.#waiting.values()) oldestMs = Math.min(oldestMs, sinceMs)
    return {
      lagMs: nowMs - oldestMs,
      backlog: this.#waiting.size,
      lastError: this.#lastError,
      failures: this.#failures,
    }
  }

  /** Tries nothing more; resolves when the calls in flight have been answered. What still waits is given up. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    for (const resume of this.#slotWaiters.splice(0)) resume()
    await Promise.all(this.#waiting.keys())
  }

  async #deliver(request: FunctionRequest): Promise<DeliveryOutcome> {
    const { faults } = this.#options
    await this.#holdBack()
    await this.#takeSlot()
    try {
      while (faults.paused && (await this.wait(PAUSE_POLL_MS)));
      if (this.#stopping.signal.aborted) return 'stopped'
      return await this.#call(request)
    } finally {
      this.#freeSlot()
    }
  }

  async #holdBack(): Promise<void> {
    const { faults, random, latencyMs = 0 } = this.#options
    const overtakenMs = random() < faults.reorder ? random() * REORDER_WINDOW_MS : 0
    const heldMs = latencyMs + faults.delayMs + overtakenMs
    if (heldMs > 0) await this.wait(heldMs)
  }

  async #call(request: FunctionRequest): Promise<DeliveryOutcome> {
    try {
      const { status, body } = await this.#options.cloudFunction.request(request)
      if (status >= 200 && status < 300) return 'delivered'
      return this.#fail(`${status} ${body.toString('utf8', 0, 500)}`)
    } catch (error) {
      return this.#fail(String(error))
    }
  }

  #fail(reason: string): 'failed' {
    this.#failures += 1
    this.#lastError = reason
    this.#options.onLog(`trigger ${this.#options.name}: delivery failed: ${reason}`)
    return 'failed'
  }

  async #takeSlot(): Promise<void> {
    if (this.#freeSlots > 0) this.#freeSlots -= 1
    else await new Promise<void>(resume => this.#slotWaiters.push(resume))
  }

  /** A slot set free goes to the one that waited longest, without becoming free in between. */
  #freeSlot(): void {
    const resume = this.#slotWaiters.shift()
    if (resume) resume()
    else this.#freeSlots += 1
  }
}
