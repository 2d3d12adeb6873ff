/** What the tests of the local AWS share: function bundles in a temp folder, waiting for a condition. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { createLambda, type LambdaFunction, type LambdaOptions } from '../../tools/local/aws/lambda.ts'

/** A Lambda function whose bundle is `source` (CommonJS); gone when the test is. */
export async function lambdaFrom(source: string, options: Partial<LambdaOptions> = {}): Promise<LambdaFunction> {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-test-'))
  const bundle = join(directory, 'index.cjs')
  await writeFile(bundle, source)
  const lambda = createLambda({
    name: 'under-test',
    bundle,
    environment: {},
    timeoutMs: 5_000,
    onLog: () => undefined,
    ...options,
  })
  onTestFinished(async () => {
    await lambda.stop()
    await rm(directory, { recursive: true })
  })
  return lambda
}

/** Resolves when the condition holds; fails the test when it does not within 10 s. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${condition.toString()}`)
    await sleep(2)
  }
}
