/** Other declarations than this project's: what changes in the AWS stack, and what CloudFormation would refuse. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CfnQueue } from 'aws-cdk-lib/aws-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSiteStacks } from '../../infra/aws/site-stacks.ts'
import { type Declaration, defineSync, fields, register } from '../../shared/declare/index.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import {
  allowedTo,
  functionNamed,
  namedResources,
  pointsTo,
  resourcesOf,
  type Template,
  tableKey,
  triggersIn,
} from './cloudformation.ts'
import { plan, site } from './retail-site.ts'
import { createApp, synthesise } from './synthesise.ts'

const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
const bundles = join(folder, 'aws')
beforeAll(() => bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: folder, clouds: ['aws'] }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const threeClouds: Declaration['sites'] = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
  'azure-eastus': { cloud: 'azure', region: 'eastus' },
}

function declare(data: Declaration['data'], sites = threeClouds): (site: string) => Template {
  return synthesise(defineSync({ sites, data }), bundles, mkdtempSync(join(folder, 'cdk.out-')))
}

it('a key of two fields is a partition key and a sort key', () => {
  const built = declare({ levels: { key: ['sku_id', 'location_id'], merge: fields() } })(site)
  const table = namedResources(built, 'AWS::DynamoDB::GlobalTable').get('levels')
  expect(table && tableKey(table)).toEqual(['sku_id', 'location_id'])
})

it('a type that may not be here has no table, no trigger and no permission here', () => {
  const built = declare({
    here: { key: ['ref'], merge: register() },
    away: { key: ['ref'], merge: register(), sites: ['gcp-us-central1', 'azure-eastus'] },
  })(site)
  const tables = namedResources(built, 'AWS::DynamoDB::GlobalTable')
  expect([...tables.keys()].toSorted()).toEqual(['here', 'tributary-audit', 'tributary-sync'])
  const captured = triggersIn(built).filter(trigger => trigger.function === 'tributary-capture')
  expect(captured.map(({ source }) => source)).toEqual(['here.StreamArn'])
  for (const name of ['tributary-capture', 'tributary-ingest']) {
    expect(allowedTo(built, name)).toContain('dynamodb:GetItem on here.Arn')
    expect(allowedTo(built, name).join()).not.toContain('away')
  }
})

it('a site that shares no type with this one is no peer: no forward, no parameter, no key at ingest', () => {
  const built = declare({ carts: { key: ['ref'], merge: register(), sites: ['aws-us-east-1', 'gcp-us-central1'] } })(
    site,
  )
  const names = [...namedResources(built, 'AWS::Lambda::Function').keys()]
  expect(names.filter(name => name.startsWith('tributary-forward-'))).toEqual(['tributary-forward-gcp-us-central1'])
  expect(JSON.stringify(built)).not.toMatch(/azure/i)
})

it('two sites on AWS are two stacks, each in its region and each the other’s peer', () => {
  const sites: Declaration['sites'] = { ...threeClouds, 'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' } }
  const built = declare({ carts: { key: ['ref'], merge: register() } }, sites)
  for (const [here, region, other] of [
    ['aws-us-east-1', 'us-east-1', 'aws-eu-west-1'],
    ['aws-eu-west-1', 'eu-west-1', 'aws-us-east-1'],
  ] as const) {
    const forward = functionNamed(built(here), `tributary-forward-${other}`)
    expect(forward.Properties.Environment.Variables).toMatchObject({ TRIBUTARY_SITE: here, TRIBUTARY_PEER: other })
    const [table] = resourcesOf(built(here), 'AWS::DynamoDB::GlobalTable')
    expect(table?.Properties.Replicas).toMatchObject([{ Region: region }])
  }
})

it('what CloudFormation would refuse fails the synthesis', () => {
  const app = createApp(join(folder, 'refused'))
  const [built] = createSiteStacks(app, { plan, bundles })
  if (!built) throw new Error('no stack')
  new CfnQueue(built, 'Eternal', { messageRetentionPeriod: 10 ** 9 })
  expect(() => app.synth()).toThrow(/MessageRetentionPeriod/)
})

it('two types in one table make one table, one trigger, and keys as the application has them', () => {
  const at = (prefix: string) => ({ aws: { table: 'app', key: { pk: `${prefix}#{ref}`, sk: prefix } } })
  const built = declare({
    orders: { key: ['ref'], merge: register(), at: at('ORDER') },
    customers: { key: ['ref'], merge: register(), at: at('CUSTOMER') },
  })(site)
  const tables = namedResources(built, 'AWS::DynamoDB::GlobalTable')
  expect([...tables.keys()].toSorted()).toEqual(['app', 'tributary-audit', 'tributary-sync'])
  const table = tables.get('app')
  expect(table && tableKey(table)).toEqual(['pk', 'sk'])
  const captured = triggersIn(built).filter(trigger => trigger.function === 'tributary-capture')
  expect(captured.map(({ source }) => source)).toEqual(['app.StreamArn'])
})

it('a number in the key is a number in the table', () => {
  const built = declare({ levels: { key: ['sku', { name: 'shelf', type: 'number' }], merge: register() } })(site)
  const table = namedResources(built, 'AWS::DynamoDB::GlobalTable').get('levels')
  expect(table?.Properties.AttributeDefinitions).toEqual([
    { AttributeName: 'sku', AttributeType: 'S' },
    { AttributeName: 'shelf', AttributeType: 'N' },
  ])
})

it('a table with a Kinesis feed writes into a stream of its own, which triggers capture for as long as it is kept', () => {
  const built = declare({ carts: { key: ['ref'], merge: register(), at: { aws: { feed: 'kinesis' } } } })(site)
  const stream = namedResources(built, 'AWS::Kinesis::Stream').get('tributary-feed-carts')
  expect(stream?.Properties).toMatchObject({ RetentionPeriodHours: 24, StreamEncryption: { EncryptionType: 'KMS' } })
  const table = namedResources(built, 'AWS::DynamoDB::GlobalTable').get('carts')
  expect(table?.Properties.StreamSpecification).toBeUndefined()
  const [replica] = table?.Properties.Replicas ?? []
  expect(pointsTo(built, replica.KinesisStreamSpecification.StreamArn)).toBe('tributary-feed-carts.Arn')
  const [trigger] = triggersIn(built).filter(({ function: name }) => name === 'tributary-capture')
  expect(trigger?.source).toBe('tributary-feed-carts.Arn')
  expect(trigger?.properties).toMatchObject({ MaximumRecordAgeInSeconds: 23 * 3600, MaximumRetryAttempts: -1 })
  expect(allowedTo(built, 'tributary-capture')).toContain('kinesis:GetRecords on tributary-feed-carts.Arn')
})

describe('a table that somebody else owns', () => {
  const existing = (feed: 'stream' | 'kinesis') =>
    declare({ carts: { key: ['ref'], merge: register(), at: { aws: { table: 'Shop.Carts', existing: true, feed } } } })(
      site,
    )

  it.each([
    ['stream', 'TableShopCartsStreamArn', 'dynamodb:GetRecords'],
    ['kinesis', 'TableShopCartsFeedArn', 'kinesis:GetRecords'],
  ] as const)(
    'is read by its %s, whose ARN is a parameter, and is no resource of the stack',
    (feed, parameter, read) => {
      const built = existing(feed)
      const names = [...namedResources(built, 'AWS::DynamoDB::GlobalTable').keys()]
      expect(names.toSorted()).toEqual(['tributary-audit', 'tributary-sync'])
      expect(built.Parameters[parameter]).toMatchObject({ AllowedPattern: expect.stringContaining(feed) })
      const sources = resourcesOf(built, 'AWS::Lambda::EventSourceMapping').map(
        ({ Properties }) => Properties.EventSourceArn,
      )
      expect(sources).toContainEqual({ Ref: parameter })
      const policies = JSON.stringify(resourcesOf(built, 'AWS::IAM::Policy'))
      expect(policies).toContain(':table/Shop.Carts')
      expect(policies).toContain(read)
      expect(policies).toContain(`{"Ref":"${parameter}"}`)
    },
  )
})
