/**
 * `npx cdk synth`: the AWS sites of the declaration as CloudFormation, one stack each, with the functions bundled
 * here and now, so that what deploys is never older than the source.
 *
 * Context: `-c config=<path>` takes another declaration than `sync.config.ts`. The peers' addresses and public keys stand
 * in it, too; streams of tables that are there already are parameters. Synthesis needs no account and no network, and the
 * template of one declaration is the same for everybody.
 *
 * Checked by CloudFormation's own rules and by cdk-nag's AwsSolutions pack: a finding fails.
 */
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import type { SyncPlan } from '../shared/declare/sync-plan.ts'
import { bundleFunctions, projectRoot } from '../tools/build/bundle-functions.ts'
import { createSiteStacks } from './aws/site-stacks.ts'

const app = new App()
const config = resolve(projectRoot, String(app.node.tryGetContext('config') ?? 'sync.config.ts'))
const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
// Beside the output, which is `cdk.out` in this folder unless `--output` says otherwise.
const bundles = join(dirname(app.outdir), '.build', 'functions')
await bundleFunctions({ config, out: bundles, clouds: ['aws'] })
// What is accepted of its findings stands with its reason where the resource is made.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
createSiteStacks(app, { plan, bundles: join(bundles, 'aws') })
app.synth()
