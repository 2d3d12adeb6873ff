/**
 * The sites, the writes and the names of cells that a text speaks of, each named once and then by its number: one captured
 * write touches many cells, and its name is longer than most values; and the elements of a set have the same fields.
 *
 * A write is told by how far it lies behind the latest one of its site that the text's vector holds, and behind the latest
 * stamp: small numbers, where counters and stamps as they are have thirteen digits and sixteen. How late its stamp may be is
 * one digit or two more.
 */
import type { Dot, SiteId } from '../causality/dot.ts'
import type { Hlc } from '../causality/hybrid-logical-clock.ts'
import { isLateness, type Lateness, noLateness } from '../causality/lateness.ts'
import { counterOf, type VersionVector } from '../causality/version-vector.ts'

/** A version vector beside a table of sites: the counters in the table's order; those left out at the end are 0. */
export type Counters = readonly number[]

/** What a text takes into account, and the latest stamp in it: what its writes are told from. */
export interface Latest {
  readonly vector: VersionVector
  readonly hlc: Hlc
}

/** A number names something that its table does not have, or the table itself is none. */
export class NotInTable extends Error {
  constructor(what: string, index: unknown) {
    super(`${what} ${JSON.stringify(index)} is not in the table`)
    this.name = 'NotInTable'
  }
}

/** Of a dot that no value goes with. */
const noHlc = 0

/** Of a site that nothing had been seen of: its whole counter would be long. */
export const nothingSeen = -1

const ticksPerMs = 1000

/** What is told of a write: the dot alone, its clock as well, and that the clock may be late. */
const kinds = { dot: 0, stamp: 1, lateStamp: 2 } as const
const kindCount = 3

/** Filled while a text is written. */
export class StampTableWriter {
  readonly sites: SiteId[] = []
  /** The names of named cells, in their order. */
  readonly shapes: (readonly string[])[] = []
  readonly #latest: Latest
  readonly #dots: Dot[] = []
  readonly #hlcs: Hlc[] = []
  readonly #lates: Lateness[] = []
  /** For each site: counter to number. */
  readonly #numbers: Map<number, number>[] = []
  readonly #shapeNumbers = new Map<string | readonly string[], number>()

  constructor(latest: Latest) {
    this.#latest = latest
    for (const site in latest.vector) this.siteNumber(site)
  }

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

  /** How far what was seen lies behind the latest. */
  behind(seen: VersionVector): Counters {
    for (const site in seen) this.siteNumber(site)
    return this.sites.map(site => {
      const counter = counterOf(seen, site)
      return counter === 0 ? nothingSeen : counterOf(this.#latest.vector, site) - counter
    })
  }

  dotNumber(site: SiteId, counter: number): number {
    return this.#numberOf(site, counter) ?? this.#add(site, counter, noHlc, noLateness)
  }

  stampNumber(site: SiteId, counter: number, hlc: Hlc, late: Lateness = noLateness): number {
    const number = this.#numberOf(site, counter)
    if (number === undefined) return this.#add(site, counter, hlc, late)
    if (this.#hlcs[number] === noHlc) {
      this.#hlcs[number] = hlc
      this.#lates[number] = late
    }
    // One write has one clock; should a text ever say otherwise, both are kept.
    const isSame = this.#hlcs[number] === hlc && this.#lates[number] === late
    return isSame ? number : this.#add(site, counter, hlc, late)
  }

  shapeNumber(names: readonly string[]): number {
    const known = this.#shapeNumbers.get(names)
    if (known !== undefined) return known
    const text = JSON.stringify(names)
    const number = this.#shapeNumbers.get(text) ?? this.shapes.push(names) - 1
    this.#shapeNumbers.set(text, number).set(names, number)
    return number
  }

  /**
   * For each write its site's number, three times, and one more if a clock goes with it, two if that may be late; how far its
   * counter is behind; by how much the clock, in ms; and how late that may be.
   */
  stamps(): readonly number[] {
    const stamps: number[] = []
    for (const [number, [site, counter]] of this.#dots.entries()) {
      const hlc = this.#hlcs[number] ?? noHlc
      const behind = counterOf(this.#latest.vector, site) - counter
      const late = this.#lates[number] ?? noLateness
      const kind = hlc === noHlc ? kinds.dot : late === noLateness ? kinds.stamp : kinds.lateStamp
      stamps.push(kindCount * this.siteNumber(site) + kind, behind)
      if (kind !== kinds.dot) stamps.push((this.#latest.hlc - hlc) / ticksPerMs)
      if (kind === kinds.lateStamp) stamps.push(late)
    }
    return stamps
  }

  #numberOf(site: SiteId, counter: number): number | undefined {
    return this.#numbers[this.siteNumber(site)]?.get(counter)
  }

  #add(site: SiteId, counter: number, hlc: Hlc, late: Lateness): number {
    const number = this.#dots.push([site, counter]) - 1
    this.#hlcs.push(hlc)
    this.#lates.push(late)
    this.#numbers[this.siteNumber(site)]?.set(counter, number)
    return number
  }
}

/** What a text holds of its table beside sites and vector. */
export interface StampTableText {
  readonly shapes: readonly unknown[]
  readonly stamps: readonly number[]
}

/** The table of a text that is being read. Every method throws `NotInTable` for a number that it does not have. */
export class StampTable {
  readonly #sites: readonly SiteId[]
  readonly #shapes: readonly (readonly string[])[]
  /** By number: one for all the cells that name it. */
  readonly #dots: readonly Dot[]
  readonly #hlcs: readonly Hlc[]
  readonly #lates: readonly Lateness[]

  /** Throws `NotInTable`. */
  constructor(sites: readonly SiteId[], latest: Latest, { shapes, stamps }: StampTableText) {
    this.#sites = sites
    for (const names of shapes) if (!isShape(names)) throw new NotInTable('a list of names in their order', names)
    this.#shapes = shapes as readonly (readonly string[])[]
    const dots: Dot[] = []
    const hlcs: Hlc[] = []
    const lates: Lateness[] = []
    for (let index = 0; index < stamps.length; ) {
      const siteAndKind = stamps[index++] ?? 0
      const kind = siteAndKind % kindCount
      const site = siteAt(sites, (siteAndKind - kind) / kindCount)
      const counter = counterOf(latest.vector, site) - (stamps[index++] ?? Number.NaN)
      const hlc = kind === kinds.dot ? noHlc : latest.hlc - Math.round((stamps[index++] ?? Number.NaN) * ticksPerMs)
      const late = kind === kinds.lateStamp ? stamps[index++] : noLateness
      if (!Number.isSafeInteger(counter) || !Number.isSafeInteger(hlc) || !isLateness(late))
        throw new NotInTable('write', [site, counter, hlc, late])
      dots.push([site, counter])
      hlcs.push(hlc)
      lates.push(late)
    }
    this.#dots = dots
    this.#hlcs = hlcs
    this.#lates = lates
  }

  /** Whether every write that it tells of is one that `latest` takes into account. */
  isWithin({ vector, hlc }: Latest): boolean {
    return (
      this.#dots.every(([site, counter]) => counter >= 1 && counter <= counterOf(vector, site)) &&
      this.#hlcs.every(each => each >= 0 && each <= hlc)
    )
  }

  site(index: unknown): SiteId {
    return siteAt(this.#sites, index)
  }

  dot(index: unknown): Dot {
    const dot = typeof index === 'number' ? this.#dots[index] : undefined
    if (dot === undefined) throw new NotInTable('write', index)
    return dot
  }

  hlc(index: unknown): Hlc {
    const hlc = typeof index === 'number' ? this.#hlcs[index] : undefined
    if (hlc === undefined) throw new NotInTable('write', index)
    return hlc
  }

  late(index: unknown): Lateness {
    const late = typeof index === 'number' ? this.#lates[index] : undefined
    if (late === undefined) throw new NotInTable('write', index)
    return late
  }

  names(index: unknown): readonly string[] {
    const names = typeof index === 'number' ? this.#shapes[index] : undefined
    if (names === undefined) throw new NotInTable('list of names', index)
    return names
  }
}

/** The inverse of `StampTableWriter.behind`. Throws `NotInTable`. */
export function seenOf(sites: readonly SiteId[], { vector }: Pick<Latest, 'vector'>, behind: Counters): VersionVector {
  const seen: Record<SiteId, number> = {}
  for (let index = 0; index < behind.length; index++) {
    const distance = behind[index] ?? nothingSeen
    const site = siteAt(sites, index)
    if (distance !== nothingSeen) seen[site] = counterOf(vector, site) - distance
  }
  return seen
}

/** Throws `NotInTable`. */
export function vectorOf(sites: readonly SiteId[], counters: Counters): VersionVector {
  const vector: Record<SiteId, number> = {}
  for (let index = 0; index < counters.length; index++) {
    const counter = counters[index] ?? 0
    if (counter > 0) vector[siteAt(sites, index)] = counter
  }
  return vector
}

function siteAt(sites: readonly SiteId[], index: unknown): SiteId {
  const site = typeof index === 'number' ? sites[index] : undefined
  if (site === undefined) throw new NotInTable('site', index)
  return site
}

/** Texts, in their order, each once. */
function isShape(names: unknown): names is readonly string[] {
  if (!Array.isArray(names)) return false
  for (let index = 0; index < names.length; index++) {
    if (typeof names[index] !== 'string' || (index > 0 && names[index] <= names[index - 1])) return false
  }
  return true
}
