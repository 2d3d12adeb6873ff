/** Three sites in memory that hold one data type, and what their audit stores tell of it. */
import { type Declaration, defineSync } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import type { Arbitration } from '../../shared/resolve/merge-type.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

export const [awsSite, gcpSite, azureSite] = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const

export const threeSites = {
  [awsSite]: { cloud: 'aws', region: 'us-east-1' },
  [gcpSite]: { cloud: 'gcp', region: 'us-central1' },
  [azureSite]: { cloud: 'azure', region: 'eastus' },
} as const

export const thing = { type: 'things', key: ['one'] } as const

export type ThreeSitesMerge = Declaration['data'][string]['merge']

export interface ThreeSitesOptions {
  readonly kind?: StoreKind
  readonly resolvers?: NonNullable<Declaration['resolvers']>
  readonly expires?: string
}

export class ThreeSites {
  readonly aws: MemorySite
  readonly gcp: MemorySite
  readonly azure: MemorySite

  constructor(merge: ThreeSitesMerge, { kind, resolvers = {}, expires }: ThreeSitesOptions = {}) {
    const plan = defineSync({
      sites: threeSites,
      data: { things: { key: ['id'], merge, ...(expires !== undefined && { expires }) } },
      resolvers,
    })
    this.aws = new MemorySite(plan, awsSite, kind)
    this.gcp = new MemorySite(plan, gcpSite, kind)
    this.azure = new MemorySite(plan, azureSite, kind)
  }

  get all(): readonly [MemorySite, MemorySite, MemorySite] {
    return [this.aws, this.gcp, this.azure]
  }

  get documents(): readonly (Document | undefined)[] {
    return this.all.map(site => site.document(thing))
  }

  /** All know it. */
  async begin(document: Document): Promise<void> {
    this.aws.write(thing, document)
    await this.settle()
  }

  settle(): Promise<void> {
    return settle(this.all)
  }

  /** Written at each site, none knowing of the others, by clocks that are so many ms apart; then all settle. */
  async atOnce(...writes: readonly (readonly [document: Document | undefined, laterMs: number])[]): Promise<void> {
    for (const [index, [document, laterMs]] of writes.entries()) {
      const site = this.all[index]
      if (!site) throw new RangeError('there are three sites')
      site.clock.nowMs = startMs + laterMs
      site.write(thing, document)
    }
    for (const site of this.all) await site.work()
    await this.settle()
  }
}

export function arbitrationsAt(site: MemorySite): readonly Arbitration[] {
  return [...site.audit.entries.values()].filter(isResolution).flatMap(({ arbitrations }) => arbitrations)
}

/** Of all that was lost at a site, by this rule. */
export function lostAt(site: MemorySite, rule: Arbitration['rule']) {
  return arbitrationsAt(site)
    .filter(arbitration => arbitration.rule === rule)
    .flatMap(({ lost }) => lost?.map(({ value }) => value) ?? [])
}
