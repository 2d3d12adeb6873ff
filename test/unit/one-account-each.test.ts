/** Two sites that are opened as one account would use each other's counters: a write would be taken for a known one, and be lost. */
import { describe, expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import type { DeploymentVariables } from '../../tools/accounts/deployment-variables.ts'
import { requireOwnAccount } from '../../tools/accounts/one-account-each.ts'

const { sites, ...plan } = defineSync({
  sites: {
    'aws-one': { cloud: 'aws', region: 'us-east-1' },
    'aws-far': { cloud: 'aws', region: 'eu-west-1' },
    'gcp-one': { cloud: 'gcp', region: 'us-central1' },
    'gcp-two': { cloud: 'gcp', region: 'us-east1' },
    'azure-one': { cloud: 'azure', region: 'eastus' },
    'azure-two': { cloud: 'azure', region: 'westus' },
  },
  data: { carts: { key: ['id'], merge: register() } },
})

const opened = (id: string, variables: Readonly<Record<string, DeploymentVariables>>, environment = {}) => {
  requireOwnAccount(siteOf({ ...plan, sites }, id), sites, new Map(Object.entries(variables)), environment)
}

describe('a site is not opened', () => {
  it('where the environment names one project for two', () => {
    expect(() => opened('gcp-two', {}, { GOOGLE_CLOUD_PROJECT: 'shop' })).toThrow(
      /gcp-two: .* same account as gcp-one \(project shop\)/,
    )
  })

  it('where one variable counts for both', () => {
    const both = { 'azure-one': { prefix: 'shop' }, 'azure-two': { prefix: 'shop' } }
    expect(() => opened('azure-one', both)).toThrow(/same account as azure-two/)
    expect(() => opened('azure-one', {}, { COSMOS_KEY: 'k' })).toThrow(/same account/)
  })
})

it('each with its own is opened, and so are two regions of one AWS account', () => {
  const own = { 'gcp-one': { project: 'a' }, 'gcp-two': { project: 'b' }, 'azure-two': { prefix: 'x' } }
  for (const { id } of sites) expect(() => opened(id, own)).not.toThrow()
})
