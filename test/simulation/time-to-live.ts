/**
 * How stores remove what has expired: by a clock of their own, each document when they get round to it: at once, or up
 * to two days late (DynamoDB promises no more), or never. What they look at is what stands there in that moment.
 */
import type { Document } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { expiresAtMs } from './expires-at.ts'
import type { Journal } from './journal.ts'
import { hourMs } from './prune-all.ts'
import type { Random } from './random.ts'
import type { SimulatedSite } from './site.ts'
import type { World } from './world.ts'

export const lateMsMax = 48 * hourMs

/** Of a store's clock, beside the world's: with the functions' own skew they are less than two seconds apart. */
const clockMsMax = 1500

interface Due {
  readonly site: SimulatedSite
  readonly ref: RecordRef
  readonly atMs: number
}

export class TimeToLive {
  readonly #world: World
  readonly #journal: Journal
  readonly #habits = new Map<SimulatedSite, { readonly aheadMs: number; readonly late: () => number }>()
  /** What is due later than all that is planned so far. */
  #waiting: Due[] = []
  #untilMs = 0

  constructor(world: World, journal: Journal, sites: readonly SimulatedSite[]) {
    this.#world = world
    this.#journal = journal
    for (const site of sites) {
      const aheadMs = world.random.between(-clockMsMax, clockMsMax)
      this.#habits.set(site, { aheadMs, late: lateness(world.random) })
    }
  }

  /** A document of `site` was written. */
  watch(site: SimulatedSite, ref: RecordRef, document: Document | undefined): void {
    const expiresMs = expiresAtMs(document)
    const habit = this.#habits.get(site)
    if (expiresMs === undefined || !habit) return
    this.#plan({ site, ref, atMs: expiresMs - habit.aheadMs + habit.late() })
  }

  /** From now until then stores remove what is due; what was due before comes at any time in between. */
  runUntil(untilMs: number): void {
    this.#untilMs = untilMs
    for (const due of this.#waiting.splice(0)) this.#plan(due)
  }

  /** Every store at last removes all that has expired. */
  sweep(sites: readonly SimulatedSite[], refs: Iterable<RecordRef>): void {
    for (const ref of refs) for (const site of sites) this.#remove(site, ref)
  }

  #plan(due: Due): void {
    const { nowMs, random } = this.#world
    if (due.atMs > this.#untilMs) {
      this.#waiting.push(due)
      return
    }
    const delayMs = due.atMs >= nowMs ? due.atMs - nowMs : random.between(0, Math.min(this.#untilMs - nowMs, 6000))
    this.#world.after(delayMs, () => this.#remove(due.site, due.ref))
  }

  #remove(site: SimulatedSite, ref: RecordRef): void {
    const expiresMs = expiresAtMs(site.database.document(ref)) ?? Number.POSITIVE_INFINITY
    if (expiresMs > this.#world.nowMs + (this.#habits.get(site)?.aheadMs ?? 0)) return
    try {
      this.#journal.noteExpiry(() => site.database.write(ref, () => undefined))
    } catch {
      // In the middle of a transaction.
      this.#world.after(this.#world.random.between(5, 200), () => this.#remove(site, ref))
    }
  }
}

/** Every store has habits of its own: some are nearly always prompt, some hardly ever. */
function lateness(random: Random): () => number {
  const kinds = [
    () => random.between(0, 50),
    () => random.between(0, 4000),
    () => random.between(0, lateMsMax),
    () => Number.POSITIVE_INFINITY,
  ]
  const weights = kinds.map(() => random.next() ** 3)
  return () => {
    let ticket = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
    for (const [index, late] of kinds.entries()) {
      ticket -= weights[index] ?? 0
      if (ticket <= 0) return late()
    }
    return 0
  }
}
