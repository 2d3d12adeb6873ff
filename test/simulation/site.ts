/** One simulated site: a database and feeds of its cloud's kind, and the real flows as the functions between them. */
import type { SiteId } from '../../shared/causality/dot.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import type { Clock, Peer, PeerStandings, RecordStore } from '../../shared/ports/index.ts'
import { PeerUnavailable } from '../../shared/ports/index.ts'
import { MemoryAdoptionStore } from '../../shared/ports/memory/memory-adoption-store.ts'
import { MemoryAuditStore } from '../../shared/ports/memory/memory-audit-store.ts'
import { MemoryBus } from '../../shared/ports/memory/memory-bus.ts'
import {
  type DatabaseListeners,
  type DocumentWritten,
  MemoryDatabase,
  type RecordRemoved,
  type RecordWritten,
  type StoreKind,
} from '../../shared/ports/memory/memory-database.ts'
import { MemoryDeadLetters } from '../../shared/ports/memory/memory-dead-letters.ts'
import { createMemoryScan } from '../../shared/ports/memory/memory-scan.ts'
import type { MemoryTiming } from '../../shared/ports/memory/memory-timing.ts'
import { openFlowControl } from '../../shared/ports/memory/open-flow-control.ts'
import { type AdoptingSite, createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere, type Here } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { captureEvent } from '../../shared/replicate/note.ts'
import { prune } from '../../shared/replicate/prune.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { type Standing, type StandingQuestion, tellStandings } from '../../shared/replicate/standing.ts'
import { takeOver } from '../../shared/replicate/take-over.ts'
import type { TakenHomes } from '../../shared/replicate/taken-homes.ts'
import type { TakingOver } from '../../shared/resolve/merge-type.ts'
import { plan } from './catalogue.ts'
import { bothHints, type DocumentHint, DocumentHints } from './document-hints.ts'
import { type Consume, coalescingFeed, type Feed, orderedFeed, unorderedFeed } from './feeds.ts'
import { throttledStore } from './throttled-store.ts'
import type { Outcome, World } from './world.ts'

const kinds = { aws: 'transactional', gcp: 'versioned', azure: 'batched' } as const satisfies Record<string, StoreKind>

/** The Azure account's consistency: on bounded staleness reads in the write region are current. */
const staleReads = false

export interface Observer {
  documentWritten(site: SiteId, write: DocumentWritten): void
  recordWritten(site: SiteId, write: RecordWritten): void
  recordRemoved(site: SiteId, removal: RecordRemoved): void
  trace(text: string): void
  /** Sees what a flow reads and commits. */
  watching?(site: SiteId, store: RecordStore): RecordStore
}

/** Carries requests to another site, with all that can happen on the way. */
export interface Wire {
  send(from: SiteId, to: SiteId, changes: readonly Change[]): Promise<readonly Answer[]>
  ask(from: SiteId, to: SiteId, questions: readonly StandingQuestion[]): Promise<readonly Standing[]>
}

/** How far the clocks are apart at most, either way. */
const skewMaxMs = 300

/** What pruning adds to the age of a message, for clocks and stamps that are ahead. */
const pruneMarginMs = 2 * skewMaxMs + 100

export class SimulatedSite {
  readonly id: SiteId
  readonly here: Here
  readonly database: MemoryDatabase
  readonly auditStore = new MemoryAuditStore()
  readonly deadLetters = new MemoryDeadLetters()
  readonly adoptions = new MemoryAdoptionStore()
  /** By data type: whose part as a home this site has been told to take over. */
  readonly taken = new Map<string, TakingOver>()
  /** Nobody tells this site's feed of documents that were there before. */
  isSilent = false
  /** The longest that an event of a document took to be processed. */
  lagMaxMs = 0
  readonly #bus: MemoryBus
  readonly skewMs: number
  /** Of this site's store: the share of calls that it refuses. */
  throttled = 0
  readonly #world: World
  readonly #observer: Observer
  readonly #wire: Wire
  readonly #documentFeed: Feed<DocumentHint>
  readonly #hints: DocumentHints
  readonly #recordFeed: Feed<RecordWritten>
  readonly #forwardFeeds: ((text: string) => void)[] = []

  constructor(id: SiteId, world: World, observer: Observer, wire: Wire, messageAgeMaxMs: number) {
    this.id = id
    this.here = createHere(plan, id, messageAgeMaxMs)
    this.#world = world
    this.#observer = observer
    this.#wire = wire
    this.skewMs = world.random.between(-skewMaxMs, skewMaxMs)
    // Of some sites' buses a message holds less than most changes: those travel as claims.
    this.#bus = new MemoryBus(world.capacity.chance(0.1) ? world.capacity.between(0, 800) : undefined)
    const kind = kinds[siteOf(plan, id).cloud]
    this.database = new MemoryDatabase(kind, this.#listeners(), { staleReads: staleReads && kind === 'batched' })
    const capturing: Consume<DocumentHint> = hints => this.#invoke('capture', timing => this.#capture(hints, timing))
    const publishing: Consume<RecordWritten> = writes =>
      this.#invoke('publish', timing => this.#publish(writes, timing))
    this.#hints = new DocumentHints(kind, world)
    this.#documentFeed = this.#feed(kind, capturing, hint => recordName(hint.ref), bothHints)
    this.#recordFeed = this.#feed(kind, publishing, write => recordName(write.ref))
    for (const peer of plan.sites) {
      if (peer.id === id) continue
      const forwarding: Consume<string> = texts =>
        this.#invoke(`forward-${peer.id}`, timing => this.#forward(texts, peer.id, timing))
      // Queues on Azure are as unordered as Pub/Sub.
      const feed = kind === 'transactional' ? orderedFeed(world, forwarding) : unorderedFeed(world, forwarding)
      this.#bus.subscribe(text => feed.write(text))
      this.#forwardFeeds.push(text => feed.write(text))
    }
  }

  /** The function behind this site's HTTP endpoint; undefined: it crashed before it answered. */
  async receive(sender: SiteId, changes: readonly Change[]): Promise<readonly Answer[] | undefined> {
    const outcome = await this.#invoke('ingest', timing => this.#ingest(sender, changes, timing))
    if (outcome.outcome === 'failed') throw outcome.error
    return outcome.outcome === 'returned' ? outcome.result : undefined
  }

  /** Undefined: it crashed before it answered. */
  async tell(asker: SiteId, questions: readonly StandingQuestion[]): Promise<readonly Standing[] | undefined> {
    const outcome = await this.#invoke('tell', timing =>
      tellStandings(questions, asker, { here: this.here, clock: this.#clock(), store: this.#store(timing) }),
    )
    return outcome.outcome === 'returned' ? outcome.result : undefined
  }

  /** An operator replays what stood on the bus once. */
  replay(text: string): void {
    for (const write of this.#forwardFeeds) write(text)
  }

  async prune(): Promise<void> {
    const outcome = await this.#invoke('prune', timing =>
      prune(
        {
          here: this.here,
          clock: this.#clock(),
          store: this.#store(timing),
          tombstones: this.database.tombstones(timing),
          peers: new Map(
            plan.sites.flatMap(({ id }) => (id === this.id ? [] : [[id, this.#peer(id, timing)] as const])),
          ),
        },
        { olderThanMs: this.here.messageAgeMaxMs + pruneMarginMs },
      ),
    )
    if (outcome.outcome === 'returned') this.#observer.trace(`${this.id} pruned ${JSON.stringify(outcome.result)}`)
  }

  /** An operator's command for one record: it follows what this site was told at once, or this `order` alone. */
  async takeOver(ref: RecordRef, order?: TakingOver): Promise<void> {
    const { outcome } = await this.#invoke('take over', timing => {
      const ports = this.#capturePorts(timing)
      return takeOver(ref, order ? { ...ports, homes: { of: async () => order } } : ports)
    })
    this.#observer.trace(`${this.id} take over ${recordName(ref)}: ${outcome}`)
  }

  #feed<Item>(
    kind: StoreKind,
    consume: Consume<Item>,
    nameOf: (item: Item) => string,
    combine?: (earlier: Item, later: Item) => Item,
  ): Feed<Item> {
    if (kind === 'transactional') return orderedFeed(this.#world, consume)
    if (kind === 'versioned') return unorderedFeed(this.#world, consume)
    return coalescingFeed(this.#world, nameOf, consume, combine)
  }

  #listeners(): DatabaseListeners {
    return {
      documentWritten: write => {
        this.#observer.documentWritten(this.id, write)
        const hint = this.#hints.of(write)
        if (!this.isSilent) this.#documentFeed.write(hint)
      },
      recordWritten: write => {
        this.#observer.recordWritten(this.id, write)
        this.#recordFeed.write(write)
      },
      recordRemoved: removal => this.#observer.recordRemoved(this.id, removal),
    }
  }

  async #invoke<Result>(name: string, run: (timing: MemoryTiming) => Promise<Result>): Promise<Outcome<Result>> {
    const outcome = await this.#world.invoke(run)
    if (outcome.outcome === 'failed') this.#observer.trace(`${this.id} ${name} failed: ${String(outcome.error)}`)
    if (outcome.outcome === 'crashed') this.#observer.trace(`${this.id} ${name} crashed`)
    return outcome
  }

  #clock(): Clock {
    const world = this.#world
    const skewMs = this.skewMs
    return { now: () => world.nowMs + skewMs, sleep: ms => world.sleep(ms) }
  }

  #store(timing: MemoryTiming, cause?: Change): RecordStore {
    const refuses = () => this.throttled > 0 && this.#world.capacity.chance(this.throttled)
    const store = this.database.connect(timing, cause)
    return throttledStore(this.#observer.watching?.(this.id, store) ?? store, refuses)
  }

  async #capture(hints: readonly DocumentHint[], timing: MemoryTiming): Promise<undefined> {
    const ports = this.#capturePorts(timing)
    const byRecord = new Map<string, DocumentHint>()
    for (const hint of hints) {
      const name = recordName(hint.ref)
      const earlier = byRecord.get(name)
      byRecord.set(name, earlier ? bothHints(earlier, hint) : hint)
    }
    for (const { ref, before, steps, left } of byRecord.values())
      await captureEvent(ref, () => before, { ...ports, steps: () => steps, left: () => [left] })
    this.lagMaxMs = Math.max(this.lagMaxMs, ...hints.map(({ atMs }) => this.#world.nowMs - atMs))
  }

  #capturePorts(timing: MemoryTiming) {
    return {
      here: this.here,
      clock: this.#clock(),
      store: this.#store(timing),
      deadLetters: this.deadLetters.connect(timing),
      adoptions: this.adoptions.connect(timing),
      homes: this.#homes(),
    }
  }

  #homes(): TakenHomes {
    return { of: async type => this.taken.get(type) }
  }

  /** This site, as an adoption sees it that may crash in any of its steps. */
  adopting(timing: MemoryTiming): AdoptingSite {
    const audit = this.auditStore.connect(timing)
    return createAdoptingSite({ ...this.#capturePorts(timing), audit, scan: createMemoryScan(this.database, timing) })
  }

  async #publish(writes: readonly RecordWritten[], timing: MemoryTiming): Promise<undefined> {
    const coalescing = this.database.kind === 'batched'
    const versions = writes.map(({ ref, before, after }) => ({
      ref,
      text: after,
      // A stream of every version carries the one before; the first version has nothing before it to skip.
      previous: coalescing ? undefined : before,
    }))
    await publish(versions, {
      here: this.here,
      clock: this.#clock(),
      deadLetters: this.deadLetters.connect(timing),
      bus: this.#bus.connect(timing),
      audit: this.auditStore.connect(timing),
    })
  }

  #peer(peerId: SiteId, timing: MemoryTiming): Peer & PeerStandings {
    const wire = this.#wire
    const timed = async <Result>(action: () => Promise<Result>): Promise<Result> => {
      await timing.step()
      const result = await action()
      await timing.step()
      return result
    }
    return {
      deliver: events =>
        timed(() =>
          wire.send(
            this.id,
            peerId,
            events.map(({ text }) => readChangeEvent(text).change),
          ),
        ),
      ask: questions => timed(() => wire.ask(this.id, peerId, questions)),
    }
  }

  async #forward(texts: readonly string[], peerId: SiteId, timing: MemoryTiming): Promise<readonly boolean[]> {
    const peer = this.#peer(peerId, timing)
    const deadLetters = this.deadLetters.connect(timing)
    const store = this.#store(timing)
    const forwarded = await forward(texts, {
      here: this.here,
      peerId,
      peer,
      clock: this.#clock(),
      store,
      deadLetters,
      flow: openFlowControl,
    })
    for (const result of forwarded)
      if (result.outcome === 'again') this.#observer.trace(`${this.id} -> ${peerId} again: ${result.reason}`)
    return forwarded.map(({ outcome }) => outcome === 'done')
  }

  /** One change at a time, so that a commit can be told apart by what caused it. */
  async #ingest(sender: SiteId, changes: readonly Change[], timing: MemoryTiming): Promise<readonly Answer[]> {
    const answers: Answer[] = []
    for (const change of changes) {
      const ports = {
        here: this.here,
        clock: this.#clock(),
        store: this.#store(timing, change),
        audit: this.auditStore.connect(timing),
        homes: this.#homes(),
      }
      answers.push(...(await ingest([change], sender, ports)))
    }
    this.#observer.trace(
      `${this.id} <- ${sender} ${changes.map((change, i) => `${recordName(change)}@${JSON.stringify(change.vector)} ${answers[i]?.answer}`).join(', ')}`,
    )
    return answers
  }
}

export function refused(from: SiteId, to: SiteId): PeerUnavailable {
  return new PeerUnavailable(to, `no route from ${from}`)
}
