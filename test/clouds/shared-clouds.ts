/** Three clouds for all suites of a test file that need the same declaration: bringing them up takes longer than most. */
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { startTestClouds, type TestClouds } from './running-clouds.ts'

const started = new Map<string, Promise<TestClouds>>()

function cloudsOf(config: string): Promise<TestClouds> {
  const starting = started.get(config) ?? startTestClouds({}, join(projectRoot, config))
  started.set(config, starting)
  return starting
}

/** With the catalogue's declaration. */
export const sharedClouds = () => cloudsOf('sync.config.ts')

/** With types that need a decision. */
export const decidedClouds = () => cloudsOf('test/clouds/decided.config.ts')

/** With tables that were there before. */
export const tableClouds = () => cloudsOf('test/clouds/tables.config.ts')

/** With no more than two types. */
export const smallClouds = () => cloudsOf('test/carts-and-products.config.ts')

export async function stopSharedClouds(): Promise<void> {
  for (const starting of started.values()) await (await starting).stop()
}
