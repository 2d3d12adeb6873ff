/**
 * One run with types that need decisions: applications at three sites that write the same few records, homes whose part
 * others take over, and all the faults of the other runs. The seed decides everything.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import type { DocumentWritten, RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { CellsState } from '../../shared/resolve/merge-type.ts'
import { busyPhase } from './busy-phase.ts'
import { plan } from './catalogue.ts'
import { HomeMoves } from './home-moves.ts'
import type { MetWrites } from './met-writes.ts'
import { Network } from './network.ts'
import { eventsMax } from './prune-all.ts'
import { Random } from './random.ts'
import type { Run } from './run-records.ts'
import { type Observer, SimulatedSite } from './site.ts'
import { World } from './world.ts'

/** What is written down while it happens, and checked at once. */
export interface DecisionJournal {
  readonly violations: string[]
  readonly captures: number
  readonly merges: number
  readonly met: MetWrites
  violation(text: string): void
  watching(site: SiteId, store: RecordStore): RecordStore
  noteRecord(site: SiteId, write: RecordWritten): void
  noteDocument?(site: SiteId, write: DocumentWritten): void
}

export interface Clerks {
  readonly refs: readonly RecordRef[]
  act(site: SimulatedSite): void
  /** What is written when everything has come to rest, at all sites at once; returns how much. */
  rush?(sites: readonly SimulatedSite[]): number
}

export interface DecisionSetup<Journal extends DecisionJournal> {
  readonly journal: (nowMs: () => number) => Journal
  /** Those who write; each call of `act` is one write. */
  readonly clerks: (world: World) => Clerks
  /** The homes of which records move; left out: of those that are written. */
  readonly refs?: readonly RecordRef[]
  /** Up to how much of a site's rights operators write off; undefined: they do not. */
  readonly writesOff?: (random: Random) => number | undefined
  /** A home is cut off and its part is taken, in each busy phase. */
  readonly cutsOff?: boolean
  /** How many times a run is busy and comes to rest, at most. */
  readonly phasesMax: number
  /** Asked whenever everything has come to rest. */
  readonly check: (sites: readonly SimulatedSite[], journal: Journal) => readonly string[]
  /** What a trace tells of a state. */
  readonly summary: (state: CellsState | undefined) => unknown
}

export interface SimulateOptions {
  readonly trace?: boolean
}

export async function runDecisions<Journal extends DecisionJournal>(
  seed: number,
  options: SimulateOptions,
  setup: DecisionSetup<Journal>,
): Promise<{ readonly run: Run; readonly journal: Journal }> {
  const world = new World(new Random(seed), new Random(seed + 2 ** 31))
  // A few runs only, of their own: those that show the planted bugs are others.
  world.carriesBefore = seed % 24 !== 15
  const { random } = world
  const journal = setup.journal(() => world.nowMs)
  const trace: string[] = []
  const note = (text: () => string) => {
    if (options.trace) trace.push(`${String(world.nowMs - 1_700_000_000_000).padStart(7)} ms  ${text()}`)
  }
  const network = new Network(world)
  const messageAgeMaxMs = 7 * 24 * 3_600_000
  const observer = observing(journal, setup.summary, note)
  const sites = plan.sites.map(({ id }) => new SimulatedSite(id, world, observer, network, messageAgeMaxMs))
  network.connect(sites)
  const clerks = setup.clerks(world)
  const moves = new HomeMoves(world, sites, setup.refs ?? clerks.refs, note, setup.writesOff?.(random))
  const violations: string[] = []
  let writes = 0

  try {
    for (let phase = random.between(1, setup.phasesMax); phase > 0; phase--) {
      world.nowMs += random.pick([0, 1000, 5000, 70_000])
      for (let i = random.between(0, 4); i > 0; i--) world.after(random.between(0, 6000), () => network.replayAny())
      moves.plan()
      if (setup.cutsOff) moves.planCutOff(network)
      // Two sites can each hear the third and not each other.
      for (let i = random.between(0, 3); i > 0; i--) {
        const [from, to] = [random.pick(sites).id, random.pick(sites).id]
        const atMs = random.between(0, 4000)
        world.after(atMs, () => network.hold(from, to))
        world.after(atMs + random.between(0, 4000), () => network.release(from, to))
      }
      writes += busyPhase(world, sites, site => clerks.act(site), network)
      await world.drain(eventsMax)
      violations.push(...setup.check(sites, journal))
      const rushed = clerks.rush?.(sites) ?? 0
      if (rushed === 0) continue
      writes += rushed
      await world.drain(eventsMax)
      violations.push(...setup.check(sites, journal))
    }
    if (random.chance(0.3)) network.replayAll()
    await world.drain(eventsMax)
    violations.push(...setup.check(sites, journal), ...journal.met.check(sites))
  } catch (error) {
    journal.violation(error instanceof Error ? error.message : String(error))
  }
  const run: Run = {
    seed,
    violations: [...new Set([...journal.violations, ...violations])],
    writes,
    captures: journal.captures,
    merges: journal.merges,
    resolutions: sites.reduce(
      (sum, { auditStore }) => sum + [...auditStore.entries.values()].filter(isResolution).length,
      0,
    ),
    removed: 0,
    trace,
  }
  return { run, journal }
}

/** Writes down what sites do, in the journal and in the trace of a run. */
function observing(
  journal: DecisionJournal,
  summary: DecisionSetup<DecisionJournal>['summary'],
  note: (text: () => string) => void,
): Observer {
  return {
    documentWritten(site, write) {
      const { ref, after, merged } = write
      const writer = merged ? 'Tributary' : 'application'
      note(() => `${site} ${writer} wrote ${recordName(ref)} ${JSON.stringify(after) ?? 'absent'}`)
      journal.noteDocument?.(site, write)
    },
    recordWritten(site, write) {
      note(() => {
        const { vector, state } = decodeRecord(write.after)
        const from = write.cause ? ` <- ${write.cause.origin}` : ''
        return `${site} sync record ${recordName(write.ref)} ${JSON.stringify(vector)} ${JSON.stringify(summary(state))}${from}`
      })
      journal.noteRecord(site, write)
    },
    recordRemoved: () => undefined,
    trace: text => note(() => text),
    watching: (site, store) => journal.watching(site, store),
  }
}

/** Of one record: every site shows the same. */
export function differing(ref: RecordRef, sites: readonly SimulatedSite[]): readonly string[] {
  const texts = new Set(sites.map(({ database }) => JSON.stringify(ordered(database.document(ref)))))
  return texts.size > 1 ? [`${recordName(ref)}: the sites differ: ${[...texts].join(' | ')}`] : []
}

function ordered(document: unknown): unknown {
  return document && JSON.parse(JSON.stringify(document, (_, value) => sorted(value)))
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)))
}

export function deadLettersOf(sites: readonly SimulatedSite[]): readonly string[] {
  return sites.flatMap(({ id, deadLetters }) =>
    [...deadLetters.letters.values()].map(({ reason }) => `${id}: a dead letter: ${reason}`),
  )
}

/** What was told of a record, by whomever: name and subject under each id. */
export function toldOf(ref: RecordRef, sites: readonly SimulatedSite[]): readonly string[] {
  const name = recordName(ref)
  const incidents = new Map(
    sites.flatMap(({ auditStore }) =>
      [...auditStore.entries.values()].flatMap(entry =>
        'kind' in entry && entry.kind === 'incident' && recordName(entry) === name
          ? [[entry.id, `${entry.name} ${entry.subject}`] as const]
          : [],
      ),
    ),
  )
  return [...incidents.values()].sort()
}
