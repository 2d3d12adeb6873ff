/** What a site's removal leaves in its stores, of the cloud that it is on. */
import type { SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'
import { signInToGcp } from '../accounts/gcp-access.ts'
import type { SiteAccount } from '../accounts/site-account.ts'
import { type LeftOver, type LeftOverOptions, NotRemoved } from './left-over.ts'

/** Rejects with `NotRemoved` where nobody says which account it is. */
export async function leftOversOf(
  account: SiteAccount,
  plan: SyncPlan,
  site: SitePlan,
  options: LeftOverOptions,
): Promise<readonly LeftOver[]> {
  switch (account.cloud) {
    case 'aws':
      return (await import('./aws-left-overs.ts')).awsLeftOvers(account.access, site, options)
    case 'gcp': {
      if (!account.access) throw new NotRemoved('the project is not named: --var project=PROJECT')
      const { noCredentials } = account.access
      if (noCredentials !== undefined) throw new NotRemoved(`${noCredentials}; ${signInToGcp}`)
      return (await import('./gcp-left-overs.ts')).gcpLeftOvers(account.access.firestore, options)
    }
    case 'azure': {
      const { cosmos } = account.access
      if (!cosmos) throw new NotRemoved('the account is not named: --var cosmos_account=NAME, or --var prefix=PREFIX')
      return (await import('./azure-left-overs.ts')).azureLeftOvers(cosmos, plan, site, options)
    }
  }
}
