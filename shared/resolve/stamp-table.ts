/**
 * The sites and writes that a text speaks of, each named once and then by its number: one captured write touches many
 * cells, and its name is longer than most values.
 */
import type { Dot, SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { counterOf, type VersionVector } from '../causality/version-vector.ts'

/** A version vector beside a table of sites: the counters in the table's order; those left out at the end are 0. */
export type Counters = readonly number[]

/** A number names a site or a write that its table does not have. */
export class NotInTable extends Error {
  constructor(what: string, index: unknown) {
    super(`${what} ${JSON.stringify(index)} is not in the table`)
    this.name = 'NotInTable'
  }
}

/** Of a dot that no value goes with. */
const noHlc = 0

/** Filled while a text is written. */
export class StampTableWriter {
  readonly sites: SiteId[] = []
  /** Three numbers for each write: its site's number, its counter, its hybrid logical clock or 0. */
  readonly stamps: number[] = []
  /** For each site: counter to number. */
  readonly #numbers: Map<number, number>[] = []

  siteNumber(site: SiteId): number {
    const index = this.sites.indexOf(site)
    if (index >= 0) return index
    this.#numbers.push(new Map())
    return this.sites.push(site) - 1
  }

  counters(vector: VersionVector): Counters {
    for (const site in vector) this.siteNumber(site)
    return this.sites.map(site => counterOf(vector, site))
  }

  dotNumber(site: SiteId, counter: number): number {
    return this.#rowOf(site, counter) ?? this.#add(site, counter, noHlc)
  }

  stampNumber(site: SiteId, counter: number, hlc: Hlc): number {
    const row = this.#rowOf(site, counter)
    if (row === undefined) return this.#add(site, counter, hlc)
    if (this.stamps[3 * row + 2] === noHlc) this.stamps[3 * row + 2] = hlc
    // One write has one clock; should a text ever say otherwise, both are kept.
    return this.stamps[3 * row + 2] === hlc ? row : this.#add(site, counter, hlc)
  }

  #rowOf(site: SiteId, counter: number): number | undefined {
    return this.#numbers[this.siteNumber(site)]?.get(counter)
  }

  #add(site: SiteId, counter: number, hlc: Hlc): number {
    const siteNumber = this.siteNumber(site)
    const row = this.stamps.push(siteNumber, counter, hlc) / 3 - 1
    this.#numbers[siteNumber]?.set(counter, row)
    return row
  }
}

/** The table of a text that is being read. Every method throws `NotInTable` for a number that it does not have. */
export class StampTable {
  readonly #sites: readonly SiteId[]
  readonly #stamps: readonly number[]
  /** By number: one for all the cells that name it. */
  readonly #dots: Dot[] = []

  constructor(sites: readonly SiteId[], stamps: readonly number[]) {
    this.#sites = sites
    this.#stamps = stamps
  }

  site(index: unknown): SiteId {
    const site = typeof index === 'number' ? this.#sites[index] : undefined
    if (site === undefined) throw new NotInTable('site', index)
    return site
  }

  dot(index: unknown): Dot {
    const start = this.#start(index)
    const known = this.#dots[start]
    if (known) return known
    const dot: Dot = [this.site(this.#stamps[start]), this.#stamps[start + 1] ?? 0]
    this.#dots[start] = dot
    return dot
  }

  hlc(index: unknown): Hlc {
    return this.#stamps[this.#start(index) + 2] ?? noHlc
  }

  vector(counters: Counters): VersionVector {
    const vector: Record<SiteId, number> = {}
    for (let index = 0; index < counters.length; index++) {
      const counter = counters[index] ?? 0
      if (counter > 0) vector[this.site(index)] = counter
    }
    return vector
  }

  #start(index: unknown): number {
    const start = typeof index === 'number' && Number.isInteger(index) ? 3 * index : -1
    if (start < 0 || start + 2 >= this.#stamps.length) throw new NotInTable('write', index)
    return start
  }
}
