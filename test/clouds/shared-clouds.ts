/** Three clouds for all suites of a test file that need the same declaration: bringing them up takes longer than most. */
import { join } from 'node:path'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { cartsAndProducts, startTestClouds, type TestClouds } from './running-clouds.ts'

let starting: Promise<TestClouds> | undefined

/** With the catalogue's declaration. */
export function sharedClouds(): Promise<TestClouds> {
  starting ??= startTestClouds()
  return starting
}

/** With types that need a decision. */
export function decidedClouds(): Promise<TestClouds> {
  starting ??= startTestClouds({}, join(projectRoot, 'test/clouds/decided.config.ts'))
  return starting
}

/** With tables that were there before. */
export function tableClouds(): Promise<TestClouds> {
  starting ??= startTestClouds({}, join(projectRoot, 'test/clouds/tables.config.ts'))
  return starting
}

/** With no more than two types. */
export function smallClouds(): Promise<TestClouds> {
  starting ??= startTestClouds({}, cartsAndProducts)
  return starting
}

export async function stopSharedClouds(): Promise<void> {
  await (await starting)?.stop()
}
