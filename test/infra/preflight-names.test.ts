/** Does preflight ask for every name that a stack would make, and for none that it would not? */
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { services } from '../../infra/gcp/services.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import { openAzure } from '../../tools/accounts/azure-access.ts'
import { commandThat } from '../../tools/accounts/cloud-command.ts'
import { awsNames } from '../../tools/preflight/aws-names.ts'
import { checkAzureSite } from '../../tools/preflight/check-azure-site.ts'
import { namedResources, readTemplate, resourcesOf } from './cloudformation.ts'
import { plan, site } from './retail-site.ts'
import { readSite, resourcesOf as terraformResources, textOf } from './terraform.ts'

const template = readTemplate(inject('assembly'), `tributary-${site}`)

it('names on AWS are those of the template', () => {
  // The log of the API's errors is called by the API's id: nobody can have it before.
  const named = (type: string) => [...namedResources(template, type).keys()].filter(name => name !== '')
  const made = {
    table: named('AWS::DynamoDB::GlobalTable'),
    stream: named('AWS::Kinesis::Stream'),
    queue: named('AWS::SQS::Queue'),
    function: named('AWS::Lambda::Function'),
    topic: named('AWS::SNS::Topic'),
    'key alias': resourcesOf(template, 'AWS::KMS::Alias').map(({ Properties }) => Properties.AliasName),
    'log group': named('AWS::Logs::LogGroup'),
    'backup vault': named('AWS::Backup::BackupVault'),
  }
  const wanted = Object.entries(made).flatMap(([kind, names]) => names.map(name => `${kind} ${name}`))
  const asked = awsNames(plan, siteOf(plan, site)).map(({ kind, name }) => `${kind} ${name}`)
  expect(asked.toSorted()).toEqual(wanted.toSorted())
})

it('names in all of Azure are those of the template', async () => {
  const azure = readSite(join(inject('sites'), 'azure-eastus'))
  const made = ['azurerm_storage_account', 'azurerm_cosmosdb_account', 'azurerm_key_vault'].flatMap(type =>
    [...terraformResources(azure, type).values()].map(({ name }) =>
      textOf(azure, name, { variables: { prefix: 'shop' } }),
    ),
  )
  const asked: string[] = []
  const command = commandThat(async args => {
    asked.push(...args)
    return { is: 'missing' }
  })
  const access = { ...(await openAzure({ local: undefined, variables: {}, environment: {} })), command }
  const site = siteOf(plan, 'azure-eastus')
  for await (const _ of checkAzureSite(access, plan, site, { prefix: 'shop' }));
  expect(asked).toEqual(expect.arrayContaining(made))
  expect(made.length).toBeGreaterThan(3)
})

it('services on Google Cloud are those that the template enables', () => {
  const google = readSite(join(inject('sites'), 'gcp-us-central1'))
  const enabled = [...terraformResources(google, 'google_project_service').values()].map(({ service }) => service)
  expect(enabled.toSorted()).toEqual(services.map(name => `${name}.googleapis.com`).toSorted())
})
