/** What every part of an Azure site is told. */
import type { Construct } from 'constructs'
import type { SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'

export interface SiteContext {
  readonly scope: Construct
  readonly plan: SyncPlan
  readonly site: SitePlan
  /** Reference: what names start with that must be unique in all of Azure. */
  readonly prefix: string
  /** Reference: the subscription's id. */
  readonly subscription: string
  /** References: name and id of the resource group. */
  readonly group: string
  readonly groupId: string
  readonly tags: Readonly<Record<string, string>>
}

/** What nearly every resource is told. */
export function placed({ group, site, tags }: SiteContext) {
  return { resource_group_name: group, location: site.region, tags }
}
