/** One site of the plan on this machine, whatever its cloud: what the host process needs of it. */
import type { Cloud, SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { SiteStores } from '../stores/site-stores.ts'
import type { DeliveryFaults } from './runtime/delivery-faults.ts'
import type { Timing } from './timing.ts'

/** Where one data type is found at a site, for official clients. */
export interface DataLocation {
  readonly key: readonly string[]
  readonly [name: string]: unknown
}

/** One entry of `.local/endpoints.json`. */
export interface SiteEndpoints {
  readonly cloud: Cloud
  readonly region: string
  readonly project?: string
  readonly endpoints: Readonly<Record<string, string>>
  readonly credentials?: Readonly<Record<string, string>>
  readonly data: Readonly<Record<string, DataLocation>>
}

export interface LocalFunction {
  readonly name: string
  /** Runs the function once with an event in the form its cloud delivers, and answers with what it returned. */
  invoke(event: unknown): Promise<unknown>
  /** Ends its worker in the middle of anything. */
  kill(): Promise<void>
}

/** How one trigger is doing. */
export interface TriggerReport {
  readonly function: string
  readonly failures: number
  readonly lastError: string | undefined
}

export interface LocalSite extends SiteStores {
  readonly endpoints: SiteEndpoints
  /** Variables with which official clients reach this site. */
  readonly variables: Readonly<Record<string, string>>
  readonly ingestUrl: string
  readonly functions: readonly LocalFunction[]
  readonly faults: DeliveryFaults
  triggers(): readonly TriggerReport[]
  /**
   * Puts other functions in the place of these, one after the other in any order, while stores, queues and what waits in
   * them stay, and events come. The answer takes this object's place.
   */
  redeploy(deployment: Deployment): Promise<LocalSite>
  /** Ends functions and triggers for good, ingest among them; the stores stay. What removing a site's stack does. */
  endFunctions(): Promise<void>
  stop(): Promise<void>
}

/** What runs at a site. */
export interface Deployment {
  readonly plan: SyncPlan
  /** Folder of this cloud's bundles: `<function>/index.cjs`. */
  readonly bundles: string
}

export interface LocalSiteOptions extends Deployment {
  readonly site: string
  /** What every function of the site is told: its site, its peers, its signing key. */
  readonly environment: Readonly<Record<string, string>>
  readonly timing: Timing
  readonly onLog: (line: string) => void
  /** Told in words what is being started. */
  readonly onProgress: (text: string) => void
}

export type StartLocalSite = (options: LocalSiteOptions) => Promise<LocalSite>
