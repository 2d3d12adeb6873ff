/** The plan that the bundles were last made of, beside them: what a declaration changed since then can be told by it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'

const name = 'plan.json'

export function writeLastPlan(folder: string, plan: SyncPlan): Promise<void> {
  return writeFile(join(folder, name), `${JSON.stringify(plan, null, 2)}\n`)
}

/** Undefined: nothing was bundled there yet. */
export async function readLastPlan(folder: string): Promise<SyncPlan | undefined> {
  try {
    // Written by us, above.
    return JSON.parse(await readFile(join(folder, name), 'utf8')) as SyncPlan
  } catch (error) {
    if (Object(error).code === 'ENOENT') return undefined
    throw error
  }
}
