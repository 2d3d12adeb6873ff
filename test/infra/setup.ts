/** Once for all files: the bundles, and the project's own sites by the commands that users run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import plan from '../../sync.config.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { cdkSynth, synth } from './synthesise.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the AWS bundles, as the local clouds build them. */
    readonly bundles: string
    /** What `npx cdk synth` made of this project. */
    readonly assembly: string
    /** What `npm run synth` made of its Google Cloud and Azure sites: a folder for each, by its id. */
    readonly sites: string
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
  const assembly = join(folder, 'cdk', 'cdk.out')
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: folder, clouds: ['aws'] })
  await cdkSynth(assembly, folder)
  const sites = join(folder, 'infra.out')
  const terraform = plan.sites.filter(({ cloud }) => cloud !== 'aws').map(({ id }) => id)
  await synth(terraform, sites, folder)
  project.provide('bundles', join(folder, 'aws'))
  project.provide('assembly', assembly)
  project.provide('sites', sites)
  return () => rmSync(folder, { recursive: true, force: true })
}
