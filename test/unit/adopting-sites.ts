/** Three sites in memory whose tables held documents before, and the adoption of them. */
import { type Declaration, defineSync } from '../../shared/declare/index.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { Clock, RecordStore } from '../../shared/ports/index.ts'
import { MemoryAdoptionStore } from '../../shared/ports/memory/memory-adoption-store.ts'
import { createMemoryScan } from '../../shared/ports/memory/memory-scan.ts'
import { type AdoptOptions, adopt } from '../../shared/replicate/adopt.ts'
import type { RefusedRecord } from '../../shared/replicate/adopt-report.ts'
import { createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import type { CaptureResult } from '../../shared/replicate/capture.ts'
import { captureEvent } from '../../shared/replicate/note.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { MemorySite } from './memory-site.ts'
import { threeSites } from './three-sites.ts'

export class AdoptingSites {
  readonly sites: readonly MemorySite[]
  /** One for each site, in their order. */
  readonly adoptions: readonly MemoryAdoptionStore[]
  readonly refused: RefusedRecord[] = []
  /** What a site's store does otherwise than it should, by its place. */
  readonly faults = new Map<number, (store: RecordStore) => Partial<RecordStore>>()

  constructor(merge: Declaration['data'][string]['merge']) {
    const plan = defineSync({ sites: threeSites, data: { things: { key: ['id'], merge, adopt: true } } })
    this.sites = plan.sites.map(({ id }) => new MemorySite(plan, id))
    this.adoptions = this.sites.map(() => new MemoryAdoptionStore())
  }

  /** What each site holds, in their order. */
  write(ref: RecordRef, documents: readonly (Document | undefined)[]): void {
    documents.forEach((document, place) => {
      if (document !== undefined) this.sites[place]?.write(ref, document)
    })
  }

  documents(ref: RecordRef): readonly (Document | undefined)[] {
    return this.sites.map(site => site.document(ref))
  }

  phases(): readonly (string | undefined)[] {
    return this.adoptions.map(({ adoptions }) => adoptions.get('things')?.phase)
  }

  /** The event of a write that took the place of `before`, as a capture function is given it. */
  hear(place: number, ref: RecordRef, before: Document | undefined): Promise<CaptureResult> {
    return captureEvent(ref, () => [{ document: before }], this.#portsOf(place))
  }

  run(options: Partial<AdoptOptions> = {}) {
    const { here } = this.#siteAt(0)
    const type = typeOf(here.plan, 'things')
    if (!type) throw new Error('the plan has things')
    return adopt({
      type,
      sites: this.sites.map((_, place) => createAdoptingSite(this.#portsOf(place))),
      clock: this.#clock,
      settleMs: 1000,
      onProgress: () => undefined,
      onRefused: record => void this.refused.push(record),
      signal: new AbortController().signal,
      ...options,
    })
  }

  /** Time passes at every site. */
  readonly #clock: Clock = {
    now: () => this.#siteAt(0).clock.now(),
    sleep: async ms => {
      await Promise.all(this.sites.map(({ clock }) => clock.sleep(ms)))
    },
  }

  #portsOf(place: number) {
    const site = this.#siteAt(place)
    const { store } = site
    const adoptions = this.adoptions[place]?.connect()
    if (!adoptions) throw new Error(`no site ${place}`)
    const faults = this.faults.get(place)?.(store)
    return { ...site.ports, store: { ...store, ...faults }, adoptions, scan: createMemoryScan(site.database) }
  }

  #siteAt(place: number): MemorySite {
    const site = this.sites[place]
    if (!site) throw new Error(`no site ${place}`)
    return site
  }
}
