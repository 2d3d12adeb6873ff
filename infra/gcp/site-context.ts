/** What every part of a Google Cloud site is told. */
import type { ITerraformDependable } from 'cdktn'
import type { Construct } from 'constructs'
import type { SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'

export interface SiteContext {
  readonly scope: Construct
  readonly plan: SyncPlan
  readonly site: SitePlan
  /** Reference: the project's id. */
  readonly project: string
  /** Reference: the project's number, of which the names of Google's own service agents are made. */
  readonly projectNumber: string
  readonly labels: Readonly<Record<string, string>>
  /** The project's services: what is made before they are enabled is refused. */
  readonly services: readonly ITerraformDependable[]
}
