/** One site in memory with the real flows, driven by hand: for tests that name who wrote when and what then travelled. */
import type { SiteId } from '../../shared/causality/dot.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordStore } from '../../shared/ports/index.ts'
import { MemoryAuditStore } from '../../shared/ports/memory/memory-audit-store.ts'
import { MemoryBus } from '../../shared/ports/memory/memory-bus.ts'
import { MemoryClock } from '../../shared/ports/memory/memory-clock.ts'
import { type DatabaseListeners, MemoryDatabase, type StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { MemoryDeadLetters } from '../../shared/ports/memory/memory-dead-letters.ts'
import { createMemoryPeer } from '../../shared/ports/memory/memory-peer.ts'
import { openFlowControl } from '../../shared/ports/memory/open-flow-control.ts'
import type { Before } from '../../shared/replicate/before.ts'
import { type CaptureResult, capture } from '../../shared/replicate/capture.ts'
import { type ChangeEvent, readChangeEvent } from '../../shared/replicate/change-event.ts'
import type { Left } from '../../shared/replicate/echo.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere, type Here } from '../../shared/replicate/here.ts'
import { publish, type RecordVersion } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'

/** A realistic moment; every site starts there. */
export const startMs = Date.UTC(2026, 2, 14, 15, 9, 26, 535)

export class MemorySite {
  readonly id: SiteId
  readonly here: Here
  readonly database: MemoryDatabase
  readonly clock = new MemoryClock(startMs)
  readonly audit = new MemoryAuditStore()
  readonly deadLetters = new MemoryDeadLetters()
  readonly bus = new MemoryBus()
  /** Versions of sync records that the feed has not delivered to publish yet. */
  readonly versions: RecordVersion[] = []
  /** Changes on the bus that forward has not been given yet. */
  readonly texts: string[] = []
  readonly #hints = new Map<string, RecordRef>()
  /** By record: what the events of its writes tell. */
  readonly #before = new Map<string, Before[]>()
  /** By record: what the last of its events tells. */
  readonly #left = new Map<string, Left>()

  constructor(plan: SyncPlan, id: SiteId, kind: StoreKind = 'versioned') {
    this.id = id
    this.here = createHere(plan, id)
    const listeners: DatabaseListeners = {
      documentWritten: ({ ref, before, after }) => {
        const name = recordName(ref)
        this.#hints.set(name, ref)
        const known = this.#before.get(name) ?? []
        this.#before.set(name, [...known, { document: before, untilMs: this.clock.now() }])
        this.#left.set(name, { document: after })
      },
      recordWritten: ({ ref, before, after }) => void this.versions.push({ ref, text: after, previous: before }),
    }
    this.database = new MemoryDatabase(kind, listeners, { omit: plan.types.flatMap(({ omit }) => omit) })
    this.bus.subscribe(text => void this.texts.push(text))
  }

  get store(): RecordStore {
    return this.database.connect()
  }

  /** Everything that a flow of this site may ask for. */
  get ports() {
    const { here, clock, store } = this
    return {
      here,
      clock,
      store,
      audit: this.audit.connect(),
      bus: this.bus.connect(),
      deadLetters: this.deadLetters.connect(),
      flow: openFlowControl,
    }
  }

  /** What an application of this site writes. */
  write(ref: RecordRef, document: Document | undefined): void {
    this.database.write(ref, () => document)
  }

  document(ref: RecordRef): Document | undefined {
    return this.database.document(ref)
  }

  record(ref: RecordRef): SyncRecord {
    const text = this.database.record(ref)
    return text === undefined ? noRecord : decodeRecord(text)
  }

  capture(ref: RecordRef): Promise<CaptureResult> {
    const name = recordName(ref)
    const left = this.#left.get(name)
    return capture(ref, { ...this.ports, before: () => this.#before.get(name) ?? [], left: () => (left ? [left] : []) })
  }

  /** Writes, captures, publishes: the change as it then stands on the bus, and nowhere else. */
  async change(ref: RecordRef, document: Document | undefined): Promise<ChangeEvent> {
    this.write(ref, document)
    await this.work()
    const text = this.texts.splice(0).at(-1)
    if (text === undefined) throw new Error(`${recordName(ref)}: nothing was published`)
    return readChangeEvent(text)
  }

  /** Runs capture and publish until they have nothing to do. What is published stays on this site's bus. */
  async work(): Promise<void> {
    while (this.#hints.size > 0 || this.versions.length > 0) {
      const hints = [...this.#hints.values()]
      this.#hints.clear()
      for (const ref of hints) await this.capture(ref)
      await publish(this.versions.splice(0), this.ports)
    }
  }

  isQuiet(): boolean {
    return this.#hints.size === 0 && this.versions.length === 0 && this.texts.length === 0
  }
}

/** All that has been written travels until every site has rested. */
export async function settle(sites: readonly MemorySite[]): Promise<void> {
  while (!sites.every(site => site.isQuiet())) {
    for (const site of sites) {
      await site.work()
      const texts = site.texts.splice(0)
      for (const peer of sites) if (peer !== site) await deliver(texts, site, peer)
    }
  }
}

export async function deliver(texts: readonly string[], site: MemorySite, peer: MemorySite): Promise<void> {
  const ports = { ...site.ports, peerId: peer.id, peer: createMemoryPeer(site.id, peer.ports) }
  const again = (await forward(texts, ports)).flatMap(result => (result.outcome === 'again' ? [result.reason] : []))
  if (again.length > 0) throw new Error(`${site.id} -> ${peer.id}: ${again.join('; ')}`)
}
