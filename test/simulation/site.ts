/** One simulated site: a database and feeds of its cloud's kind, and the real flows as the functions between them. */
import type { SiteId } from '../../shared/causality/dot.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import type { Clock, Peer, RecordStore } from '../../shared/ports/index.ts'
import { PeerUnavailable } from '../../shared/ports/index.ts'
import { MemoryAuditStore } from '../../shared/ports/memory/memory-audit-store.ts'
import { MemoryBus } from '../../shared/ports/memory/memory-bus.ts'
import {
  type DatabaseListeners,
  type DocumentWritten,
  MemoryDatabase,
  type RecordWritten,
  type StoreKind,
} from '../../shared/ports/memory/memory-database.ts'
import { MemoryDeadLetters } from '../../shared/ports/memory/memory-dead-letters.ts'
import type { MemoryTiming } from '../../shared/ports/memory/memory-timing.ts'
import type { Answer } from '../../shared/replicate/answer.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { readChangeEvent } from '../../shared/replicate/change-event.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere, type Here } from '../../shared/replicate/here.ts'
import { ingest } from '../../shared/replicate/ingest.ts'
import { publish } from '../../shared/replicate/publish.ts'
import { recordName } from '../../shared/replicate/record-ref.ts'
import { plan } from './catalogue.ts'
import { type Consume, coalescingFeed, type Feed, orderedFeed, unorderedFeed } from './feeds.ts'
import type { Outcome, World } from './world.ts'

const kinds = { aws: 'transactional', gcp: 'versioned', azure: 'batched' } as const satisfies Record<string, StoreKind>

/** The Azure account's consistency: on bounded staleness reads in the write region are current. */
const staleReads = false

export interface Observer {
  documentWritten(site: SiteId, write: DocumentWritten): void
  recordWritten(site: SiteId, write: RecordWritten): void
  trace(text: string): void
}

/** Carries a request to another site's ingest, with all that can happen on the way. */
export type Send = (from: SiteId, to: SiteId, changes: readonly Change[]) => Promise<readonly Answer[]>

export class SimulatedSite {
  readonly id: SiteId
  readonly here: Here
  readonly database: MemoryDatabase
  readonly auditStore = new MemoryAuditStore()
  readonly deadLetters = new MemoryDeadLetters()
  readonly #bus = new MemoryBus()
  readonly skewMs: number
  readonly #world: World
  readonly #observer: Observer
  readonly #send: Send
  readonly #documentFeed: Feed<DocumentWritten>
  readonly #recordFeed: Feed<RecordWritten>

  constructor(id: SiteId, world: World, observer: Observer, send: Send) {
    this.id = id
    this.here = createHere(plan, id)
    this.#world = world
    this.#observer = observer
    this.#send = send
    this.skewMs = world.random.between(-300, 300)
    const kind = kinds[siteOf(plan, id).cloud]
    this.database = new MemoryDatabase(kind, this.#listeners(), { staleReads: staleReads && kind === 'batched' })
    const capturing: Consume<DocumentWritten> = writes =>
      this.#invoke('capture', timing => this.#capture(writes, timing))
    const publishing: Consume<RecordWritten> = writes =>
      this.#invoke('publish', timing => this.#publish(writes, timing))
    this.#documentFeed = this.#feed(kind, capturing, write => recordName(write.ref))
    this.#recordFeed = this.#feed(kind, publishing, write => recordName(write.ref))
    for (const peer of plan.sites) {
      if (peer.id === id) continue
      const forwarding: Consume<string> = texts =>
        this.#invoke(`forward-${peer.id}`, timing => this.#forward(texts, peer.id, timing))
      // Queues on Azure are as unordered as Pub/Sub.
      const feed = kind === 'transactional' ? orderedFeed(world, forwarding) : unorderedFeed(world, forwarding)
      this.#bus.subscribe(text => feed.write(text))
    }
  }

  /** The function behind this site's HTTP endpoint; undefined: it crashed before it answered. */
  async receive(sender: SiteId, changes: readonly Change[]): Promise<readonly Answer[] | undefined> {
    const outcome = await this.#invoke('ingest', timing => this.#ingest(sender, changes, timing))
    if (outcome.outcome === 'failed') throw outcome.error
    return outcome.outcome === 'returned' ? outcome.result : undefined
  }

  #feed<Item>(kind: StoreKind, consume: Consume<Item>, nameOf: (item: Item) => string): Feed<Item> {
    if (kind === 'transactional') return orderedFeed(this.#world, consume)
    if (kind === 'versioned') return unorderedFeed(this.#world, consume)
    return coalescingFeed(this.#world, nameOf, consume)
  }

  #listeners(): DatabaseListeners {
    return {
      documentWritten: write => {
        this.#observer.documentWritten(this.id, write)
        this.#documentFeed.write(write)
      },
      recordWritten: write => {
        this.#observer.recordWritten(this.id, write)
        this.#recordFeed.write(write)
      },
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

  #store(timing: MemoryTiming): RecordStore {
    return this.database.connect(timing)
  }

  async #capture(writes: readonly DocumentWritten[], timing: MemoryTiming): Promise<undefined> {
    const deadLetters = this.deadLetters.connect(timing)
    const refs = new Map(writes.map(({ ref }) => [recordName(ref), ref]))
    for (const ref of refs.values()) {
      await capture(ref, { here: this.here, clock: this.#clock(), store: this.#store(timing), deadLetters })
    }
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

  async #forward(texts: readonly string[], peerId: SiteId, timing: MemoryTiming): Promise<readonly boolean[]> {
    const peer: Peer = {
      deliver: async events => {
        await timing.step()
        const changes = events.map(({ text }) => readChangeEvent(text).change)
        const answers = await this.#send(this.id, peerId, changes)
        await timing.step()
        return answers
      },
    }
    const deadLetters = this.deadLetters.connect(timing)
    const store = this.#store(timing)
    const forwarded = await forward(texts, {
      here: this.here,
      peerId,
      peer,
      clock: this.#clock(),
      store,
      deadLetters,
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
        store: this.database.connect(timing, change),
        audit: this.auditStore.connect(timing),
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
