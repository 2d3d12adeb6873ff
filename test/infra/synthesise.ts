/** Ways to a template: the commands that users run, and the same stacks in this process for other declarations. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { createSiteStacks } from '../../infra/aws/site-stacks.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readTemplate, type Template } from './cloudformation.ts'

/** `cdk synth` with no AWS account and every way out closed. The bundles go beside the output. */
export async function cdkSynth(output: string, home: string): Promise<void> {
  const nowhere = 'http://127.0.0.1:9'
  await promisify(execFile)(
    process.execPath,
    [join(projectRoot, 'node_modules/aws-cdk/bin/cdk'), 'synth', '--quiet', '--output', output],
    {
      cwd: projectRoot,
      env: { PATH: process.env.PATH, HOME: home, CDK_HOME: home, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere },
    },
  )
}

/** `npm run synth` of some sites, likewise. */
export async function synth(sites: readonly string[], out: string, home: string): Promise<void> {
  const nowhere = 'http://127.0.0.1:9'
  const env = { PATH: process.env.PATH, HOME: home, HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere }
  const args = [join(projectRoot, 'infra/synth.ts'), '--out', out, '--site', ...sites]
  await promisify(execFile)(process.execPath, args, { cwd: projectRoot, env })
}

/** With the flags of `cdk.json` and the checks of `infra/app.ts`. Synthesis throws for what they find. */
export function createApp(outdir: string): App {
  const { context: flags } = JSON.parse(readFileSync(join(projectRoot, 'cdk.json'), 'utf8'))
  // As the command sets them.
  const context = { ...flags, 'aws:cdk:enable-path-metadata': true, 'aws:cdk:enable-asset-metadata': true }
  const app = new App({ context, outdir, analyticsReporting: false })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  return app
}

export function synthesise(plan: SyncPlan, bundles: string, outdir: string): (site: string) => Template {
  const app = createApp(outdir)
  createSiteStacks(app, { plan, bundles })
  app.synth()
  return site => readTemplate(outdir, `tributary-${site}`)
}
