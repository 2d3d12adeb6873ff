/**
 * Does capture of a site still run? As long as it does, sync records are made again as fast as they are removed, and what an
 * application writes meanwhile would reach the peers as if the record were new.
 *
 * "Gone" is only what was looked for in the account that holds the stores; that something is not found elsewhere says nothing.
 */
import { z } from 'zod'
import { cosmosDatabaseName, cosmosLeasesName, functionName } from '../../shared/declare/resource-names.ts'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { AwsAccess } from '../accounts/aws-access.ts'
import type { AzureAccess } from '../accounts/azure-access.ts'
import { functionApps, isCapture } from '../accounts/azure-function-apps.ts'
import type { GcpAccess } from '../accounts/gcp-access.ts'
import type { SiteAccount } from '../accounts/site-account.ts'
import { reasonOf, told } from '../accounts/told.ts'

export type CaptureState =
  /** `found`: by what it is known. */
  | { readonly is: 'running'; readonly found: string }
  | { readonly is: 'gone' }
  | { readonly is: 'unknown'; readonly reason: string }

/** Of an account. */
export async function captureRuns(account: SiteAccount, site: SitePlan): Promise<CaptureState> {
  switch (account.cloud) {
    case 'aws':
      return onAws(account.access)
    case 'gcp':
      if (!account.access) return unknown('the project is not named: --var project=PROJECT')
      return onGoogle(account.access)
    case 'azure':
      return onAzure(account.access, site)
  }
}

const capture = functionName('capture')

function running(found: string): CaptureState {
  return { is: 'running', found }
}

function unknown(reason: string): CaptureState {
  return { is: 'unknown', reason }
}

async function onAws({ command }: AwsAccess): Promise<CaptureState> {
  const asked = await command(['lambda', 'get-function-configuration', '--function-name', capture], z.unknown())
  if (asked.is === 'unknown') return unknown(asked.reason)
  return asked.is === 'there' ? running(`function ${capture}`) : { is: 'gone' }
}

/** In all regions: the database is one for the whole project. */
async function onGoogle({ command, project }: GcpAccess): Promise<CaptureState> {
  const asked = await command(['functions', 'list', '--regions=-'], z.array(z.object({ name: z.string() })))
  // A list of nothing is an answer; a project that is not found is none.
  if (asked.is !== 'there') return unknown(asked.is === 'missing' ? `no project ${project}` : asked.reason)
  const found = asked.value.find(({ name }) => name.endsWith(`/${capture}`) || name === capture)
  return found ? running(`function ${found.name}`) : { is: 'gone' }
}

/** Far longer than a running host leaves its leases alone (17 s). */
const leasesQuietMs = 5 * 60_000

async function onAzure(access: AzureAccess, site: SitePlan): Promise<CaptureState> {
  const { command, subscription } = access
  const writtenMs = await lastLeaseMs(access)
  const agoMs = writtenMs === undefined ? undefined : Date.now() - writtenMs
  if (agoMs !== undefined && agoMs < leasesQuietMs) {
    const ago = `${Math.max(0, Math.round(agoMs / 1000))} s ago`
    return running(`${cosmosLeasesName} was written ${ago}; once capture is gone, wait until that is five minutes`)
  }
  const apps = await functionApps(access, site)
  const app = apps.is === 'there' ? apps.value.find(isCapture) : undefined
  if (app !== undefined) return running(`function app ${app}`)
  if (apps.is === 'unknown') return unknown(apps.reason)
  if (subscription === undefined) return unknown('which subscription is to be asked: --var subscription_id=ID')
  const asked = await command(['account', 'show'], z.object({ id: z.string() }))
  if (asked.is !== 'there') return unknown(`subscription ${subscription}: ${reasonOf(asked)}`)
  if (asked.value.id.toLowerCase() === subscription.toLowerCase()) return { is: 'gone' }
  return unknown(`az asked in ${asked.value.id} instead of ${subscription}`)
}

/** When the host last wrote that it reads a change feed, ms since 1970. Undefined: never, or it cannot be asked. */
async function lastLeaseMs({ cosmos }: AzureAccess): Promise<number | undefined> {
  if (!cosmos) return undefined
  const leases = cosmos.database(cosmosDatabaseName).container(cosmosLeasesName)
  const asked = await told(() => leases.items.query<number>('SELECT VALUE c._ts FROM c').fetchAll())
  if (asked.is !== 'there' || asked.value.resources.length === 0) return undefined
  // In seconds.
  return Math.max(...asked.value.resources) * 1000
}
