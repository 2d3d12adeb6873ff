/** Other declarations than this project's: what changes in the AWS stack, and what CloudFormation would refuse. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Stack } from 'aws-cdk-lib'
import { AttributeType, StreamViewType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { CfnQueue } from 'aws-cdk-lib/aws-sqs'
import { afterAll, describe, expect, inject, it } from 'vitest'
import marketData from '../../examples/market-data/sync.config.ts'
import { createSiteStacks } from '../../infra/aws/site-stacks.ts'
import { TributarySite } from '../../infra/aws/tributary-site.ts'
import { type Declaration, defineSync, fields, register } from '../../shared/declare/index.ts'
import { siteOf } from '../../shared/declare/sync-plan.ts'
import {
  allowedTo,
  functionNamed,
  namedResources,
  pointsTo,
  readTemplate,
  resourcesOf,
  type Template,
  tableKey,
  triggersIn,
} from './cloudformation.ts'
import { plan, site } from './retail-site.ts'
import { createApp, synthesise } from './synthesise.ts'

const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
const bundles = inject('bundles')
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

it('a site that shares no type with this one is no peer: no forward, no key at ingest', () => {
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

describe('what peers are told', () => {
  const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const spki = (key: ReturnType<typeof keyPair>) => key.export({ type: 'spki', format: 'der' }).toString('base64')
  const [first, theirFirst, theirNext] = [keyPair(), keyPair(), keyPair()]
  const built = declare(
    { carts: { key: ['ref'], merge: register() } },
    {
      'aws-us-east-1': {
        cloud: 'aws',
        region: 'us-east-1',
        rootKeys: { first: spki(first), next: 'pending' },
        signsWith: 'first',
      },
      'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' },
      'gcp-us-central1': {
        cloud: 'gcp',
        region: 'us-central1',
        ingest: 'https://ingest.example.org/',
        rootKeys: { first: spki(theirFirst), next: spki(theirNext) },
      },
    },
  )

  it('is where a declared peer is, and each root key of it that is known', () => {
    const { Variables } = functionNamed(built(site), 'tributary-forward-gcp-us-central1').Properties.Environment
    expect(JSON.parse(Variables.TRIBUTARY_PEERS)).toEqual({
      'gcp-us-central1': {
        url: 'https://ingest.example.org/',
        keys: [theirFirst.export({ format: 'jwk' }), theirNext.export({ format: 'jwk' })],
      },
    })
    const there = functionNamed(built('aws-eu-west-1'), 'tributary-ingest').Properties.Environment.Variables
    const peers = JSON.parse(there.TRIBUTARY_PEERS)
    expect(peers['aws-us-east-1'].keys).toEqual([first.export({ format: 'jwk' })])
  })

  it('of its own site: every declared root key is made, and the one that is named signs', () => {
    const aliases = resourcesOf(built(site), 'AWS::KMS::Alias').map(({ Properties }) => Properties.AliasName)
    expect(aliases).toEqual(expect.arrayContaining(['alias/tributary-root-first', 'alias/tributary-root-next']))
    expect(allowedTo(built(site), 'tributary-ingest').filter(text => text.startsWith('kms:Sign'))).toEqual([
      'kms:Sign on alias/tributary-root-first.Arn',
    ])
    const { Variables } = functionNamed(built(site), 'tributary-ingest').Properties.Environment
    expect(pointsTo(built(site), Variables.TRIBUTARY_ROOT_KEY)).toBe('alias/tributary-root-first.Arn')
  })
})

it('three regions of one cloud are three sites that know each other and nobody else', () => {
  const built = synthesise(marketData, bundles, mkdtempSync(join(folder, 'cdk.out-')))
  const ids = marketData.sites.map(({ id }) => id)
  expect(ids).toHaveLength(3)
  for (const id of ids) {
    const template = built(id)
    const { region } = siteOf(marketData, id)
    const forwards = [...namedResources(template, 'AWS::Lambda::Function').keys()].filter(name => /forward/.test(name))
    expect(forwards.toSorted()).toEqual(
      ids
        .filter(other => other !== id)
        .map(other => `tributary-forward-${other}`)
        .toSorted(),
    )
    for (const { Properties } of resourcesOf(template, 'AWS::DynamoDB::GlobalTable')) {
      expect(Properties.Replicas.map((replica: { readonly Region: string }) => replica.Region)).toEqual([region])
    }
  }
})

describe('in an app that is there already', () => {
  const plan = defineSync({
    sites: threeClouds,
    data: {
      carts: { key: ['ref'], merge: register() },
      orders: { key: ['ref'], merge: register() },
      prices: { key: ['ref'], merge: register() },
    },
  })
  function app(region = 'us-east-1') {
    const outdir = mkdtempSync(join(folder, 'cdk.out-'))
    const created = createApp(outdir)
    const stack = new Stack(created, 'shop', { env: { region } })
    return { created, stack, outdir }
  }

  it('the site takes the tables of the app and those it is told by ARN, changes neither, and makes the others', () => {
    const { created, stack, outdir } = app()
    const partitionKey = { name: 'ref', type: AttributeType.STRING }
    const pointInTimeRecoverySpecification = { pointInTimeRecoveryEnabled: true }
    const carts = new TableV2(stack, 'Carts', {
      partitionKey,
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification,
    })
    const tableArn = 'arn:aws:dynamodb:us-east-1:111122223333:table/orders'
    const tableStreamArn = `${tableArn}/stream/2026-01-01T00:00:00.000`
    const orders = Table.fromTableAttributes(stack, 'Orders', { tableArn, tableStreamArn })
    new TributarySite(stack, 'Sync', { plan, site: siteOf(plan, site), bundles, tables: { carts, orders } })
    created.synth()
    const template = readTemplate(outdir, 'shop')
    const tables = namedResources(template, 'AWS::DynamoDB::GlobalTable')
    expect([...tables.keys()].toSorted()).toEqual(['', 'prices', 'tributary-audit', 'tributary-sync'])
    const sources = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(
      ({ Properties }) => Properties.EventSourceArn,
    )
    expect(sources).toContain(tableStreamArn)
    expect(JSON.stringify(resourcesOf(template, 'AWS::IAM::Policy'))).toContain(`"${tableArn}"`)
    const [selection] = resourcesOf(template, 'AWS::Backup::BackupSelection')
    expect(selection?.Properties.BackupSelection.Resources).toHaveLength(3)
  })

  it('a stack in another region than the site is declared in is refused: residency is not a matter of luck', () => {
    const { stack } = app('eu-west-1')
    expect(() => new TributarySite(stack, 'Sync', { plan, site: siteOf(plan, site), bundles })).toThrow(
      'site aws-us-east-1 is declared in us-east-1; found a stack in eu-west-1',
    )
  })

  it('a table that the declaration does not have is refused by name', () => {
    const { stack } = app()
    const carts = Table.fromTableName(stack, 'Carts', 'basket')
    expect(
      () => new TributarySite(stack, 'Sync', { plan, site: siteOf(plan, site), bundles, tables: { basket: carts } }),
    ).toThrow('tables: found basket; the declaration has carts, orders, prices')
  })
})
