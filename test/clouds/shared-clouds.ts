/** Three clouds with the catalogue's declaration for all suites that need nothing else: bringing them up takes longer. */
import { startTestClouds, type TestClouds } from './running-clouds.ts'

let starting: Promise<TestClouds> | undefined

export function sharedClouds(): Promise<TestClouds> {
  starting ??= startTestClouds()
  return starting
}

export async function stopSharedClouds(): Promise<void> {
  await (await starting)?.stop()
}
