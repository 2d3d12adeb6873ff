/**
 * Does capture of a site still run? As long as it does, sync records are made again as fast as they are removed, and what an
 * application writes meanwhile would reach the peers as if the record were new.
 */
import { z } from 'zod'
import { functionName } from '../../shared/declare/resource-names.ts'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { SiteAccount } from '../accounts/site-account.ts'
import { type Told, there, unknown } from '../accounts/told.ts'

/** Of an account, by its command line. */
export async function captureRuns(account: SiteAccount, { id, region }: SitePlan): Promise<Told<boolean>> {
  const name = functionName('capture')
  switch (account.cloud) {
    case 'aws':
      return isThere(
        await account.access.command(['lambda', 'get-function-configuration', '--function-name', name], z.unknown()),
      )
    case 'gcp':
      if (!account.access) return unknown('the project is not named: --var project=PROJECT')
      return isThere(await account.access.command(['functions', 'describe', name, `--region=${region}`], z.unknown()))
    case 'azure': {
      const group = `tributary-${id}`
      const apps = await account.access.command(
        ['functionapp', 'list', '--resource-group', group, '--query', '[].name'],
        z.array(z.string()),
      )
      // Behind the prefix that is unique in all of Azure.
      if (apps.is === 'there') return there(apps.value.some(app => app.endsWith('-capture')))
      return isThere(apps)
    }
  }
}

function isThere(asked: Told<unknown>): Told<boolean> {
  return asked.is === 'unknown' ? asked : there(asked.is === 'there')
}
