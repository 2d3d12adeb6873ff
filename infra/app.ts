/**
 * `npx cdk synth`: the AWS sites of the declaration as CloudFormation, one stack each, with the functions bundled
 * here and now, so that what deploys is never older than the source.
 *
 * Context: `-c config=<path>` takes another declaration than `sync.config.ts`. Everything that belongs to one
 * deployment (the peers' addresses and public keys, which version of the signing key) is a parameter of the stack:
 * synthesis needs no account and no network, and the template of one source is the same for everybody.
 */
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { App } from 'aws-cdk-lib'
import type { SyncPlan } from '../shared/declare/sync-plan.ts'
import { bundleFunctions, projectRoot } from '../tools/build/bundle-functions.ts'
import { createSiteStacks } from './aws/site-stacks.ts'

const app = new App()
const config = resolve(projectRoot, String(app.node.tryGetContext('config') ?? 'sync.config.ts'))
const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
// Beside the output, which is `cdk.out` in this folder unless `--output` says otherwise.
const bundles = join(dirname(app.outdir), '.build', 'functions')
await bundleFunctions({ config, out: bundles, clouds: ['aws'] })
createSiteStacks(app, { plan, bundles: join(bundles, 'aws') })
app.synth()
