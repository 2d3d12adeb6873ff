/** The function apps of an Azure site. Their names begin with the prefix that is unique in all of Azure. */
import { z } from 'zod'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { AzureAccess } from './azure-access.ts'
import type { Told } from './told.ts'

/** By name. `missing`: the site's resource group is not there. */
export function functionApps({ command }: AzureAccess, { id }: SitePlan): Promise<Told<readonly string[]>> {
  const inGroup = ['--resource-group', `tributary-${id}`]
  return command(['functionapp', 'list', ...inGroup, '--query', '[].name'], z.array(z.string()))
}

export function isCapture(app: string): boolean {
  return app.endsWith('-capture')
}
