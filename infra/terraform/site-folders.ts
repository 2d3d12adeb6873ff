/** `<out>/<site>/` for each Google Cloud and Azure site: `main.tf.json` and what deploys. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, TerraformStack } from 'cdktn'
import type { Cloud, SitePlan, SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { FunctionName } from '../../tools/build/bundle-functions.ts'
import { createAzureSite } from '../azure/azure-site.ts'
import { createGoogleSite } from '../gcp/google-site.ts'
import { packageFiles } from '../gcp/package-files.ts'
import { writeFunctionFolders } from './function-folders.ts'
import { writeStack } from './write-stack.ts'

export interface SiteFoldersOptions {
  readonly plan: SyncPlan
  /** Of these those that are Terraform. */
  readonly sites: readonly SitePlan[]
  /** Bundles of all clouds: `<cloud>/<function>/index.cjs`. cdktn makes a folder beside it, in which nothing is. */
  readonly bundles: string
  readonly out: string
}

/** The clouds whose sites are Terraform. */
export const terraformClouds = ['gcp', 'azure'] as const
type TerraformCloud = (typeof terraformClouds)[number]

interface CloudSites {
  readonly create: (stack: TerraformStack, props: { readonly plan: SyncPlan; readonly site: SitePlan }) => void
  readonly beside: (name: FunctionName) => Readonly<Record<string, object>>
}

const clouds: Readonly<Record<TerraformCloud, CloudSites>> = {
  gcp: { create: createGoogleSite, beside: packageFiles },
  azure: {
    create: createAzureSite,
    beside: name => ({
      'host.json': JSON.parse(readFileSync(new URL('../../functions/azure/host.json', import.meta.url), 'utf8')),
      'package.json': { name: `tributary-${name}`, version: '0.0.0', private: true, main: 'index.cjs' },
    }),
  },
}

/** Returns the folders by site. */
export async function writeSiteFolders({
  plan,
  sites,
  bundles,
  out,
}: SiteFoldersOptions): Promise<ReadonlyMap<string, string>> {
  const written = new Map<string, string>()
  for (const site of sites) {
    if (!isTerraform(site.cloud)) continue
    const { create, beside } = clouds[site.cloud]
    const stack = new TerraformStack(new App({ outdir: join(bundles, '..', 'cdktn') }), site.id)
    create(stack, { plan, site })
    const folder = join(out, site.id)
    await writeStack(stack, folder)
    await writeFunctionFolders({ bundles: join(bundles, site.cloud), out: folder, beside })
    written.set(site.id, folder)
  }
  return written
}

function isTerraform(cloud: Cloud): cloud is TerraformCloud {
  return terraformClouds.some(one => one === cloud)
}
