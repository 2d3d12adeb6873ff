/** A deployed site, opened in its account as whoever is signed in: its stores, and what writes into its tables. */
import type { SitePlan, SyncPlan, TypePlan } from '../../shared/declare/sync-plan.ts'
import { homesName } from '../../shared/replicate/taken-homes.ts'
import type { StoreWriter } from '../load/store-writer.ts'
import type { SiteStores } from '../stores/site-stores.ts'
import type { DeploymentVariables } from './deployment-variables.ts'
import { reasonOf, told } from './told.ts'

export interface OpenSite {
  readonly stores: SiteStores
  /** With clients of its own. */
  openWriter(type: TypePlan): StoreWriter
  /** Of something that answers with the time of the store's cloud, whatever it says. Undefined: an emulator, here. */
  readonly clock: string | undefined
  close(): Promise<void>
}

export interface OpenSiteOptions {
  readonly plan: SyncPlan
  readonly site: SitePlan
  readonly variables: DeploymentVariables
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The site cannot be reached; `message` says why and what to do. */
export class SiteNotOpened extends Error {
  constructor(site: string, reason: string) {
    super(`${site}: ${reason}`)
    this.name = 'SiteNotOpened'
  }
}

/** Each cloud's clients are loaded when a site needs them. Rejects with `SiteNotOpened`. */
export async function openSite(options: OpenSiteOptions): Promise<OpenSite> {
  const opened = await openedBy(options)
  const asked = await told(() => opened.stores.control.read(homesName))
  if (asked.is === 'there') return opened
  await opened.close()
  throw new SiteNotOpened(
    options.site.id,
    `what steers it cannot be read: ${reasonOf(asked)}. Is the site deployed, and are these credentials of its account?`,
  )
}

async function openedBy(options: OpenSiteOptions): Promise<OpenSite> {
  switch (options.site.cloud) {
    case 'aws':
      return (await import('./open-aws-site.ts')).openAwsSite(options)
    case 'gcp':
      return (await import('./open-gcp-site.ts')).openGcpSite(options)
    case 'azure':
      return (await import('./open-azure-site.ts')).openAzureSite(options)
  }
}
