/** Once for all files: the bundles, and the project's own stack by the command that users run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { cdkSynth } from './synthesise.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the AWS bundles, as the local clouds build them. */
    readonly bundles: string
    /** What `npx cdk synth` made of this project. */
    readonly assembly: string
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
  const assembly = join(folder, 'cdk', 'cdk.out')
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: folder, clouds: ['aws'] })
  await cdkSynth(assembly, folder)
  project.provide('bundles', join(folder, 'aws'))
  project.provide('assembly', assembly)
  return () => rmSync(folder, { recursive: true, force: true })
}
