/**
 * Adopt: what the tables held before becomes part of what is replicated, while applications go on writing.
 *
 * 1. Until all is done nothing of the type is captured; capture's events only note what stood before the first write
 *    that they tell of (note.ts). For documents that nobody writes, the adoption notes what it finds, once the feed has
 *    had time to tell that somebody did (`settleMs`).
 * 2. Record by record the sites compare what they noted. Where it is equal there is nothing to do; where it differs one
 *    of them, or what the declaration makes of them, becomes what was there before at every site, with a whole account
 *    in the audit; what is missing somewhere is created there. What applications wrote since stays on top.
 * 3. When every site knows the same baseline of every record, and not before, capturing begins: each site captures what
 *    was written since, as ordinary writes. From then on changes travel, and find their baseline wherever they arrive.
 *
 * Nothing travels during 1 and 2: a change that met a site without the baseline could not be told from a creation
 * there. The price is that the type is not replicated until its adoption is done.
 *
 * All of it can be repeated: whoever was interrupted runs it again.
 */

import type { SiteId } from '../causality/dot.ts'
import { joinedParts, primaryOf } from '../declare/merge-descriptor.ts'
import type { TypePlan } from '../declare/sync-plan.ts'
import { type Document, jsonEquals } from '../document/json.ts'
import { type Clock, mayPass, type Scan } from '../ports/index.ts'
import type { Version } from '../resolve/merge-type.ts'
import { settleDocuments } from '../resolve/settle.ts'
import type { AdoptCounts, AdoptOutcome, AdoptProgress, RefusedRecord } from './adopt-report.ts'
import type { AdoptingSite, Noted, Settlement, Standing } from './adopting-site.ts'
import { baselineCounter } from './baseline.ts'
import { createLimit } from './limit.ts'
import { type RecordRef, recordName } from './record-ref.ts'

export interface AdoptOptions {
  readonly type: TypePlan
  /** Every site that holds the type. */
  readonly sites: readonly AdoptingSite[]
  readonly clock: Clock
  /** Longer than any event of a feed takes to be processed, and than the sites' clocks differ. */
  readonly settleMs: number
  /** Where documents differ, this site's counts, if it has one. Absent: the declared primary's, or what settles them. */
  readonly baseline?: SiteId
  readonly onProgress: (progress: AdoptProgress) => void
  readonly onRefused: (refused: RefusedRecord) => void
  /** Aborted: nothing new is begun; what is under way is finished. */
  readonly signal: AbortSignal
}

/** A page of records is compared at a time, so many at once: most of the time they wait for `settleMs` to pass. */
const pagesUnderWayMax = 100
/** Names kept, of some 100 bytes each. Beyond them records are compared more than once. */
const comparedMax = 1_000_000
/** Requests to one site at a time. */
const requestsMax = 4
const unavailableRetryMs = 1000

/** The others are through, and what this site holds was never compared with theirs. */
class SiteLeftOut extends Error {
  constructor(site: SiteId) {
    super(
      `${site} was not there when the other sites adopted this type, and captures nothing of it; a site that comes later ` +
        'needs empty tables: take adopt out of the declaration at every site, then npx tributary repair',
    )
    this.name = 'SiteLeftOut'
  }
}

/** Rejects with `SiteLeftOut`, or with what a site's store or the way to it fails with for long. */
export async function adopt(options: AdoptOptions): Promise<AdoptOutcome & AdoptCounts> {
  const adoption = new AdoptionRun(options)
  const outcome = await adoption.run()
  return { ...outcome, ...adoption.counts }
}

class AdoptionRun {
  readonly counts = { seen: 0, equal: 0, different: 0, missing: 0, known: 0, refused: 0, captured: 0 }
  readonly #options: AdoptOptions
  readonly #ask: ReadonlyMap<SiteId, <Answer>(request: () => Promise<Answer>) => Promise<Answer>>
  /** What is the same at every site by now. Every record is found at each of them, in two scans. */
  readonly #compared = new Set<string>()
  /** By site and record: what was refused is found as often. */
  readonly #told = new Set<string>()
  #blocked = false

  constructor(options: AdoptOptions) {
    this.#options = options
    this.#ask = new Map(options.sites.map(({ site }) => [site, createLimit(requestsMax)]))
  }

  async run(): Promise<AdoptOutcome> {
    const { sites, signal } = this.#options
    const before = await this.#phases()
    if (before.every(phase => phase === 'adopted')) return { outcome: 'adopted', already: true }
    const isDecided = before.some(phase => phase === 'capturing' || phase === 'adopted')
    const behind = sites.find((_, index) => before[index] === undefined)
    if (isDecided && behind) throw new SiteLeftOut(behind.site)
    // One site captures already: then every site knows every baseline.
    if (!isDecided) {
      await this.#compareAll()
      if (signal.aborted) return { outcome: 'interrupted' }
      if (this.#blocked) return { outcome: 'blocked' }
    }
    await this.#advance('noting', 'capturing')
    for (const site of sites) await this.#captureAll(site)
    if (signal.aborted) return { outcome: 'interrupted' }
    await this.#advance('capturing', 'adopted')
    return { outcome: 'adopted', already: false }
  }

  #phases() {
    const { sites, type } = this.#options
    return Promise.all(sites.map(async site => (await this.#of(site, () => site.adoption(type.name)))?.phase))
  }

  async #advance(from: 'noting' | 'capturing', to: 'capturing' | 'adopted'): Promise<void> {
    const { sites, type } = this.#options
    const phases = await this.#phases()
    for (const [index, site] of sites.entries()) {
      if (phases[index] === from) await this.#of(site, () => site.advance(type.name, to))
    }
  }

  async #compareAll(): Promise<void> {
    const { sites, type, clock, settleMs } = this.#options
    for (const site of sites) await this.#of(site, () => site.begin(type.name, settleMs))
    this.#tell('settling feeds', sites[0])
    await clock.sleep(settleMs)
    for (const site of sites) {
      await this.#eachPage('comparing', site, site.scan.documents, refs => this.#compare(refs, site))
      // What was deleted meanwhile, noted by its event, has to be the same everywhere, too.
      await this.#eachPage('comparing', site, site.scan.records, refs => this.#compare(refs, undefined))
    }
  }

  /** Whatever was there before, or was written meanwhile, has a sync record by now, or its event is still to come. */
  async #captureAll(site: AdoptingSite): Promise<void> {
    await this.#eachPage('capturing', site, site.scan.records, async refs => {
      const captured = await this.#of(site, () => site.capture(refs))
      // Not in one with the line above: what is added to would be read before, and other pages' counts be lost.
      this.counts.captured += captured
    })
  }

  async #eachPage(
    step: AdoptProgress['step'],
    site: AdoptingSite,
    scan: Scan,
    handle: (refs: readonly RecordRef[]) => Promise<void>,
  ): Promise<void> {
    const { type, signal } = this.#options
    const limit = createLimit(pagesUnderWayMax)
    const underWay: Promise<void>[] = []
    let failure: { readonly error: unknown } | undefined
    for (let cursor: string | undefined, more = true; more && !signal.aborted && !failure; ) {
      await limit.untilFree()
      const { refs, next } = await this.#of(site, () => scan(type.name, cursor))
      const handled = limit(() => handle(refs)).then(
        () => this.#tell(step, site),
        (error: unknown) => {
          failure ??= { error }
        },
      )
      underWay.push(handled)
      cursor = next
      more = next !== undefined
    }
    await Promise.all(underWay)
    if (failure) throw failure.error
  }

  /** Each record at all sites. `lister`: in whose table the documents were found; counted is what was not found before. */
  async #compare(refs: readonly RecordRef[], lister: AdoptingSite | undefined): Promise<void> {
    const { sites } = this.#options
    const byName = new Map(refs.map(ref => [recordName(ref), ref]))
    const unique = [...byName].flatMap(([name, ref]) => (this.#compared.has(name) ? [] : [ref]))
    if (unique.length === 0) return
    const standings = await Promise.all(sites.map(site => this.#noteAll(site, unique)))
    await Promise.all(
      unique.map(async (ref, index) => {
        const here = standings.map(standing => standing[index] ?? ({ is: 'absent' } as const))
        const first = here.findIndex(({ is }) => is !== 'absent')
        const isFirst = lister !== undefined && sites[first] === lister
        const kind = await this.#settle(ref, here)
        if (kind === undefined) return
        if (kind !== 'refused' && this.#compared.size < comparedMax) this.#compared.add(recordName(ref))
        if (!isFirst) return
        this.counts.seen += 1
        this.counts[kind] += 1
      }),
    )
  }

  /** How each record stands at a site, for sure: as it stood before the feed had time to tell of anything else. */
  async #noteAll(site: AdoptingSite, refs: readonly RecordRef[]): Promise<readonly Standing[]> {
    const { clock, settleMs } = this.#options
    const standings = [...(await this.#of(site, () => site.look(refs)))]
    for (;;) {
      const open = standings.flatMap((standing, index) => (standing.is === 'open' ? [{ standing, index }] : []))
      if (open.length === 0) return standings
      await clock.sleep(settleMs)
      const openRefs = open.flatMap(({ index }) => refs[index] ?? [])
      const hashes = open.map(({ standing }) => (standing.noted ? null : standing.hash))
      const noted = await this.#of(site, () => site.note(openRefs, hashes))
      for (const [position, { index }] of open.entries()) standings[index] = noted[position] ?? { is: 'absent' }
    }
  }

  /** What kind of record it is; undefined: one that did not exist before. */
  async #settle(ref: RecordRef, standings: readonly Standing[]) {
    const { sites } = this.#options
    if (standings.some(({ is }) => is === 'known')) return 'known'
    const noted = standings.flatMap(standing => (standing.is === 'noted' ? [standing] : []))
    const refused = standings.flatMap((standing, index) =>
      standing.is === 'refused' ? [{ ref, site: sites[index]?.site ?? '', reason: standing.reason }] : [],
    )
    for (const one of refused) this.#refuse(one)
    if (noted.length === 0) return refused.length > 0 ? 'refused' : undefined
    const same = new Set(noted.map(({ shadow, audited }) => `${shadow} ${audited}`)).size === 1
    const settled = same && noted.length === sites.length
    if (settled) return noted[0]?.audited ? 'different' : 'equal'
    const settlement = await this.#agree(ref)
    for (const site of sites) {
      const reason = await this.#of(site, () => site.settle(ref, settlement))
      if (reason === undefined) continue
      this.#blocked = true
      this.#refuse({ ref, site: site.site, reason })
      return 'refused'
    }
    if (refused.length > 0) return 'refused'
    return settlement.versions ? 'different' : 'missing'
  }

  #refuse(refused: RefusedRecord): void {
    const name = `${refused.site} ${recordName(refused.ref)}`
    if (this.#told.has(name)) return
    if (this.#told.size < comparedMax) this.#told.add(name)
    this.#options.onRefused(refused)
  }

  async #agree(ref: RecordRef): Promise<Settlement> {
    const { sites, type, baseline = primaryOf(type.merge) } = this.#options
    const noted = await Promise.all(sites.map(site => this.#of(site, () => site.read(ref))))
    // Interrupted half-way through: as it was begun, so it is ended.
    const begun = noted.find(({ settled }) => settled)?.settled
    if (begun) return begun
    const versions = noted.flatMap(({ document }, index) => versionOf(document, sites[index]?.site))
    const documents = versions.map(({ document }) => document)
    const named = versions.find(({ version }) => version.site === baseline)?.document
    const agreed = named ?? settleDocuments(joinedParts(type.merge), documents) ?? {}
    const differ = documents.some(document => !jsonEquals(document, documents[0]))
    return differ ? { baseline: agreed, versions: versions.map(({ version }) => version) } : { baseline: agreed }
  }

  /** Nothing is wrong with a record because a store throttles. */
  async #of<Answer>(site: AdoptingSite, request: () => Promise<Answer>): Promise<Answer> {
    const ask = this.#ask.get(site.site)
    for (let attempt = 1; ; attempt++) {
      try {
        return await (ask ? ask(request) : request())
      } catch (error) {
        if (!mayPass(error) || attempt === 10) throw error
        await this.#options.clock.sleep(unavailableRetryMs)
      }
    }
  }

  #tell(step: AdoptProgress['step'], site: AdoptingSite | undefined): void {
    this.#options.onProgress({ step, site: site?.site ?? '', ...this.counts })
  }
}

function versionOf(document: Noted['document'], site: SiteId | undefined) {
  if (!document || site === undefined) return []
  const version: Version = { site, counter: baselineCounter, hlc: 1, value: document }
  return [{ document: document satisfies Document, version }]
}
