#!/usr/bin/env node
/**
 * `npm run synth`: the whole declaration as infrastructure. AWS sites as CloudFormation in `cdk.out` (what `cdk synth`
 * does by itself), Google Cloud and Azure sites as Terraform JSON in `infra.out/<site>`. No account, no network; the same
 * source gives the same bytes. The bundles go beside the output.
 */
import { execFileSync } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { type SyncPlan, siteOf } from '../shared/declare/sync-plan.ts'
import { bundleFunctions, projectRoot } from '../tools/build/bundle-functions.ts'
import { terraformClouds, writeSiteFolders } from './terraform/site-folders.ts'

const options = new Command('npm run synth --')
  .description('Writes what deploys: CloudFormation for AWS sites, Terraform JSON for Google Cloud and Azure sites')
  .option('--config <path>', 'another declaration', 'sync.config.ts')
  .option('--site <site...>', 'only these sites')
  .option('--out <folder>', 'where the Terraform JSON goes', 'infra.out')
  .option('--json', 'print the folders as JSON')
  .parse()
  .opts<{ config: string; site?: string[]; out: string; json?: true }>()

const config = resolve(options.config)
const out = resolve(options.out)
const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
const sites = options.site?.map(id => siteOf(plan, id)) ?? plan.sites
const folders = new Map<string, string>()

const awsSites = sites.filter(({ cloud }) => cloud === 'aws')
if (awsSites.length > 0) {
  const cdk = join(projectRoot, 'node_modules/aws-cdk/bin/cdk')
  // What it prints on the way is about this command's own output, too: standard output is for the answer.
  const stacks = awsSites.map(({ id }) => `tributary-${id}`)
  execFileSync(process.execPath, [cdk, 'synth', '--quiet', '--context', `config=${config}`, ...stacks], {
    cwd: projectRoot,
    stdio: ['ignore', 2, 2],
  })
  for (const { id } of awsSites) folders.set(id, join(projectRoot, 'cdk.out'))
}
if (sites.length > awsSites.length) {
  const bundles = join(dirname(out), '.build', 'functions')
  const clouds = terraformClouds.filter(cloud => sites.some(site => site.cloud === cloud))
  await bundleFunctions({ config, out: bundles, clouds })
  for (const [site, folder] of await writeSiteFolders({ plan, sites, bundles, out })) folders.set(site, folder)
}

if (options.json) console.log(JSON.stringify(Object.fromEntries(folders), null, 2))
else for (const [site, folder] of folders) console.log(`${site.padEnd(24)} ${folder}`)
