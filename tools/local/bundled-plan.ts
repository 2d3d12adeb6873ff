/** The plan of a folder of bundles, for a process that may have read its declaration before, as it was then. */
import { pathToFileURL } from 'node:url'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { readLastPlan } from '../build/last-plan.ts'

/**
 * Modules are read once, so the plan comes from beside the bundles. Functions of the user's own are in no text: they come
 * from the declaration, which is read once more. Rejects if what it imports has changed as well.
 */
export async function bundledPlan(folder: string, config: string): Promise<SyncPlan> {
  const plan = await readLastPlan(folder)
  if (!plan) throw new Error(`nothing was bundled in ${folder}`)
  const { default: declared }: { default: SyncPlan } = await import(`${pathToFileURL(config).href}?${Date.now()}`)
  if (Object.keys(declared.resolvers ?? {}).length === 0) return plan
  if (declared.hash === plan.hash) return declared
  throw new Error(`${config}: a file that it imports has changed since the clouds came up; run local down and up`)
}
