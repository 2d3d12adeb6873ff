/**
 * One run of an adoption: documents that were there before, applications that go on writing, an operator whose `adopt`
 * is killed in the middle of anything and begun again, and all the faults of the other runs. The seed decides everything.
 */
import { compareDots } from '../../shared/causality/dot.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import type { MemoryTiming } from '../../shared/ports/memory/memory-timing.ts'
import { adopt } from '../../shared/replicate/adopt.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { plan } from './catalogue.ts'
import { Network } from './network.ts'
import { Random } from './random.ts'
import { amountsOf, expectedAmounts, type Shelf, Shelves } from './shelves.ts'
import { type Observer, SimulatedSite } from './site.ts'
import { quiet, World } from './world.ts'

export interface AdoptionRun {
  readonly seed: number
  readonly violations: readonly string[]
  readonly writes: number
  readonly kills: number
  /** A feed was later than the adoption was told that it ever is: nothing is promised then. */
  readonly late: boolean
  readonly trace: readonly string[]
}

const eventsMax = 200_000
const settleMs = 8_000
const busyMs = 45_000
const messageAgeMaxMs = 7 * 24 * 3_600_000
/** The clocks of two sites. */
const skewMaxMs = 600

export async function simulate(seed: number, options: { readonly trace?: boolean } = {}): Promise<AdoptionRun> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
  const { random } = world
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const sites = createSites(world, note)
  const shelves = new Shelves(world)
  for (const site of sites) site.isSilent = random.chance(0.5)
  shelves.stock(sites)
  for (const site of sites) site.isSilent = false

  const baseline = random.chance(0.3) ? random.pick(sites).id : undefined
  const operator = new Operator(world, sites, baseline, note)
  world.faults = {
    crash: upTo(random, 0.04),
    duplicate: upTo(random, 0.3),
    loseRequest: upTo(random, 0.2),
    loseAnswer: upTo(random, 0.2),
    stall: upTo(random, 0.1),
  }
  world.after(busyMs, () => {
    world.faults = quiet
  })
  for (let i = random.between(5, 30); i > 0; i--) {
    world.after(random.between(0, busyMs), () => shelves.act(random.pick(sites), operator.isBegun))
  }
  world.after(random.between(0, 5_000), () => operator.run())
  const violations: string[] = []
  try {
    await world.drain(eventsMax)
  } catch (error) {
    violations.push(error instanceof Error ? error.message : String(error))
  }
  const late = sites.some(({ lagMaxMs }) => lagMaxMs > settleMs - skewMaxMs)
  if (!late) violations.push(...operator.violations, ...check(sites, shelves.all, baseline))
  return { seed, violations, writes: shelves.writes, kills: operator.kills, late, trace }
}

function upTo(random: Random, most: number): number {
  return random.chance(0.5) ? random.next() * most : 0
}

function createSites(world: World, note: (text: () => string) => void): readonly SimulatedSite[] {
  const network = new Network(world)
  const observer: Observer = {
    documentWritten: (site, { ref, after, merged }) =>
      note(() => `${site} ${merged ? 'merge' : 'application'} wrote ${recordName(ref)} ${JSON.stringify(after)}`),
    recordWritten: (site, { ref, after, cause }) =>
      note(() => {
        const { vector, notedUs } = decodeRecord(after)
        return `${site} sync record ${recordName(ref)} ${JSON.stringify(vector)} ${notedUs ?? ''} ${cause ? `<- ${cause.origin}` : ''}`
      }),
    recordRemoved: () => undefined,
    trace: text => note(() => text),
  }
  const sites = plan.sites.map(({ id }) => new SimulatedSite(id, world, observer, network, messageAgeMaxMs))
  network.connect(sites)
  return sites
}

/** Runs the command until it is through; some of the runs are killed. */
class Operator {
  readonly violations: string[] = []
  kills = 0
  readonly #world: World
  readonly #sites: readonly SimulatedSite[]
  readonly #baseline: string | undefined
  readonly #note: (text: () => string) => void
  #killsLeft: number

  constructor(
    world: World,
    sites: readonly SimulatedSite[],
    baseline: string | undefined,
    note: (text: () => string) => void,
  ) {
    this.#world = world
    this.#sites = sites
    this.#baseline = baseline
    this.#note = note
    this.#killsLeft = world.random.between(0, 3)
  }

  /** Every site says that what is made from now on was not there before. */
  get isBegun(): boolean {
    return this.#sites.every(({ adoptions }) => {
      const begun = adoptions.adoptions.get('shelves')
      return begun !== undefined && begun.sinceMs + skewMaxMs < this.#world.nowMs
    })
  }

  run(): void {
    const type = plan.types.find(({ name }) => name === 'shelves')
    if (!type) throw new Error('the catalogue has no shelves')
    const baseline = this.#baseline
    adopt({
      type,
      sites: this.#sites.map(site => site.adopting(this.#timing())),
      clock: { now: () => this.#world.nowMs, sleep: ms => this.#world.sleep(ms) },
      settleMs,
      ...(baseline === undefined ? {} : { baseline }),
      onProgress: () => undefined,
      onRefused: ({ ref, site, reason }) =>
        this.violations.push(`${recordName(ref)} was refused at ${site}: ${reason}`),
      signal: new AbortController().signal,
    }).then(
      result => {
        this.#note(() => `adopt: ${JSON.stringify(result)}`)
        if (result.outcome !== 'adopted') this.violations.push(`adopt ended as ${result.outcome}`)
      },
      (error: unknown) => this.violations.push(`adopt failed: ${String(error)}`),
    )
  }

  /** One for all sites of a run: what is killed is the operator's process. */
  #timing = () => {
    this.#running ??= this.#newTiming()
    return this.#running
  }

  #running: MemoryTiming | undefined

  #newTiming(): MemoryTiming {
    const { random } = this.#world
    let stepsLeft = this.#killsLeft > 0 ? random.between(1, random.pick([20, 100, 400])) : Number.POSITIVE_INFINITY
    return {
      step: () =>
        new Promise(proceed => {
          this.#world.after(random.between(1, 12), () => {
            if (stepsLeft <= 0) return
            stepsLeft -= 1
            if (stepsLeft > 0) proceed()
            else this.#kill()
          })
        }),
      background: action => this.#world.after(random.between(1, 250), action),
    }
  }

  #kill(): void {
    this.kills += 1
    this.#killsLeft -= 1
    this.#running = undefined
    this.#note(() => 'adopt killed')
    this.#world.after(this.#world.random.between(10, 10_000), () => this.run())
  }
}

function check(
  sites: readonly SimulatedSite[],
  all: readonly Shelf[],
  baseline: string | undefined,
): readonly string[] {
  return [
    ...all.flatMap(shelf => checkShelf(shelf, sites, baseline)),
    ...sites.flatMap(({ id, adoptions, deadLetters }) => [
      ...(adoptions.adoptions.get('shelves')?.phase === 'adopted' ? [] : [`${id}: not adopted`]),
      ...[...deadLetters.letters.values()].map(({ reason }) => `${id}: a dead letter: ${reason}`),
    ]),
  ]
}

function checkShelf(shelf: Shelf, sites: readonly SimulatedSite[], baseline: string | undefined): readonly string[] {
  const { ref, kind, before, deleted } = shelf
  const name = `${recordName(ref)} (${kind})`
  const [first, ...others] = sites.map(({ database }) => database.document(ref))
  const found: string[] = []
  if (others.some(document => !jsonEquals(document, first))) {
    found.push(`${name}: the sites differ: ${[first, ...others].map(document => JSON.stringify(document)).join(' | ')}`)
  }
  const states = new Set(sites.map(site => stateAt(site, shelf)))
  if (states.size > 1) found.push(`${name}: the states differ: ${[...states].join(' | ')}`)
  if (deleted) return found
  const amounts = amountsOf(first)
  const expected = expectedAmounts(shelf, baseline)
  if (JSON.stringify(amounts) !== JSON.stringify(expected)) {
    found.push(`${name}: holds ${JSON.stringify(amounts)}, expected ${JSON.stringify(expected)}`)
  }
  if (kind !== 'different') return found
  for (const { id, auditStore } of sites) {
    const entry = [...auditStore.entries.values()]
      .filter(isResolution)
      .find(({ type, key, to }) => recordName({ type, key }) === recordName(ref) && to === 1)
    for (const [site, document] of before) {
      const lost = entry?.arbitrations[0]?.lost?.find(version => version.site === site)
      if (!jsonEquals(lost?.value, document)) found.push(`${name}: the audit of ${id} has not what ${site} held`)
    }
  }
  return found
}

function stateAt(site: SimulatedSite, { ref }: Shelf): string {
  const text = site.database.record(ref)
  const state = text === undefined ? undefined : decodeRecord(text).state
  return JSON.stringify(sorted(state ?? null))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([x], [y]) => compareDots([x, 0], [y, 0]))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
