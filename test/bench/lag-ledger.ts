/**
 * Which write is visible where, and since when? Every write of one site is owed to every other site; this is the book
 * of what is owed. It knows no clock and no network: times in ms are told to it, so it can be tested to the letter.
 *
 * Values of one key only grow and come from one site. Whoever sees value 7 has seen 5 as well: a feed that shows only
 * the latest version of a document loses nothing here.
 */
export interface LagSample {
  readonly from: string
  readonly to: string
  readonly startedMs: number
  /** Undefined: not answered before the measurement ended. */
  readonly acknowledgedMs: number | undefined
  /** Undefined: missing, it did not become visible before the measurement ended. */
  readonly seenMs: number | undefined
}

interface Write {
  readonly site: string
  readonly key: string
  readonly value: number
  readonly startedMs: number
  acknowledgedMs: number | undefined
  failed: boolean
  readonly seenMs: Map<string, number>
}

export class LagLedger {
  readonly #sites: readonly string[]
  readonly #writes: Write[] = []
  /** Per site that still has to see something: what is owed to it under each key. */
  readonly #owed: ReadonlyMap<string, Map<string, Write[]>>
  #outstanding = 0
  #failed = 0

  constructor(sites: readonly string[]) {
    this.#sites = sites
    this.#owed = new Map(sites.map(site => [site, new Map()]))
  }

  /** (write, other site) pairs that are not visible yet. */
  get outstanding(): number {
    return this.#outstanding
  }

  get writes(): number {
    return this.#writes.length
  }

  /** Writes that the store refused. Nothing is owed for them. */
  get failed(): number {
    return this.#failed
  }

  /** Notes that a write begins. The answer tells how it ended. */
  started(site: string, key: string, value: number, nowMs: number): WriteEnd {
    const write: Write = {
      site,
      key,
      value,
      startedMs: nowMs,
      acknowledgedMs: undefined,
      failed: false,
      seenMs: new Map(),
    }
    this.#writes.push(write)
    for (const [to, owed] of this.#owed) {
      if (to === site) continue
      const ofKey = owed.get(key)
      if (ofKey) ofKey.push(write)
      else owed.set(key, [write])
      this.#outstanding += 1
    }
    return {
      acknowledged: atMs => {
        write.acknowledgedMs = atMs
      },
      failed: () => this.#forget(write),
    }
  }

  /** A site shows this value. */
  seen(site: string, key: string, value: number, nowMs: number): void {
    const owed = this.#owed.get(site)
    const ofKey = owed?.get(key)
    if (!owed || !ofKey) return
    const still = ofKey.filter(write => write.value > value)
    for (const write of ofKey) {
      if (write.value <= value) write.seenMs.set(site, nowMs)
    }
    this.#outstanding -= ofKey.length - still.length
    if (still.length > 0) owed.set(key, still)
    else owed.delete(key)
  }

  /** Of all writes so far that the stores took, or only of those begun from then on. */
  samples(sinceMs = Number.NEGATIVE_INFINITY): readonly LagSample[] {
    return this.#writes
      .filter(write => !write.failed && write.startedMs >= sinceMs)
      .flatMap(({ site, startedMs, acknowledgedMs, seenMs }) =>
        this.#sites
          .filter(to => to !== site)
          .map(to => ({ from: site, to, startedMs, acknowledgedMs, seenMs: seenMs.get(to) })),
      )
  }

  #forget(write: Write): void {
    write.failed = true
    this.#failed += 1
    for (const owed of this.#owed.values()) {
      const ofKey = owed.get(write.key)
      if (!ofKey?.includes(write)) continue
      owed.set(
        write.key,
        ofKey.filter(other => other !== write),
      )
      this.#outstanding -= 1
    }
  }
}

export interface WriteEnd {
  acknowledged(atMs: number): void
  failed(): void
}
