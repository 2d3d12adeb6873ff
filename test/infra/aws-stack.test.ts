/** The AWS stack as `npx cdk synth` makes it: is everything there, kept safe, and closed to strangers? */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditTable, syncTable, tombstoneIndex } from '../../shared/declare/resource-names.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import {
  functionNamed,
  namedResources,
  pointsTo,
  readTemplate,
  resourcesOf,
  type Template,
  tableKey,
  triggersIn,
} from './cloudformation.ts'
import { forwards, functionNames, peers, site, typeNames, types } from './retail-site.ts'
import { cdkSynth } from './synthesise.ts'

const stack = `tributary-${site}`
const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
const first = join(folder, 'first', 'cdk.out')
const second = join(folder, 'second', 'cdk.out')
/** As the local clouds build them. */
const bundles = join(folder, 'functions')
let template: Template

beforeAll(async () => {
  await cdkSynth(first, folder)
  await cdkSynth(second, folder)
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: bundles, clouds: ['aws'] })
  template = readTemplate(first, stack)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What is put off comes by a queue. */
const streamTriggers = () => triggersIn(template).filter(({ source }) => !source.startsWith('tributary-waiting-'))

describe('every function of the plan', () => {
  it('is there, once, with nothing beside it', () => {
    expect([...namedResources(template, 'AWS::Lambda::Function').keys()].toSorted()).toEqual(functionNames.toSorted())
  })

  it('runs on Node 24, on arm64, for no longer than its caller waits', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' })
    }
    // API Gateway gives up after 30 s.
    expect(functionNamed(template, 'tributary-ingest').Properties.Timeout).toBeLessThan(30)
  })

  it('is triggered by its stream: capture by each table, publish by the sync table, forwards by the changes', () => {
    const wanted = [
      ...typeNames.map(type => ['tributary-capture', `${type}.StreamArn`]),
      ['tributary-publish', 'tributary-sync.StreamArn'],
      ...forwards.map(forward => [forward, 'tributary-changes.Arn']),
    ]
    const found = streamTriggers().map(trigger => [trigger.function, trigger.source])
    expect(found.toSorted()).toEqual(wanted.toSorted())
  })

  it('forward is called again, minutes later and for as long as it takes, with what it put off', () => {
    const queues = namedResources(template, 'AWS::SQS::Queue')
    for (const peer of peers) {
      const name = `tributary-waiting-${peer}`
      const forward = functionNamed(template, `tributary-forward-${peer}`).Properties
      expect(pointsTo(template, forward.Environment.Variables.TRIBUTARY_WAITING_URL)).toBe(name)
      const [trigger, ...others] = triggersIn(template).filter(({ source }) => source === `${name}.Arn`)
      expect(others).toEqual([])
      expect(trigger).toMatchObject({
        function: `tributary-forward-${peer}`,
        properties: { FunctionResponseTypes: ['ReportBatchItemFailures'] },
      })
      const { Properties } = queues.get(name) ?? {}
      expect(Properties).not.toHaveProperty('RedrivePolicy')
      // Less would deliver a message a second time while the first call still runs.
      expect(Properties?.VisibilityTimeout).toBeGreaterThanOrEqual(6 * forward.Timeout)
    }
  })

  it('is tried again until the stream is about to drop the batch, which then is reported', () => {
    for (const { properties } of streamTriggers()) {
      expect(properties).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        MaximumRetryAttempts: -1,
        BisectBatchOnFunctionError: true,
        ParallelizationFactor: 1,
      })
      const hours = Number(properties.MaximumRecordAgeInSeconds) / 3600
      // An hour before the stream drops it: a DynamoDB stream after a day, the stream of changes after a week.
      expect([23, 7 * 24 - 1]).toContain(hours)
      expect(pointsTo(template, properties.DestinationConfig.OnFailure.Destination)).toBe('tributary-given-up.Arn')
    }
  })

  it('waits for what the local clouds in cloud timing wait for: no fan-out of its own, no window to fill a batch', () => {
    expect(resourcesOf(template, 'AWS::Kinesis::StreamConsumer')).toEqual([])
    for (const { properties } of streamTriggers()) {
      expect(properties.MaximumBatchingWindowInSeconds ?? 0).toBe(0)
    }
  })

  it('is the very file that the local clouds run', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      const asset = join(first, `asset.${String(Properties.Code.S3Key).replace('.zip', '')}`)
      const bundle = String(Properties.FunctionName).match(/^tributary-([a-z]+)/)?.[1] ?? ''
      expect(readdirSync(asset)).toEqual(['index.cjs'])
      expect(
        readFileSync(join(asset, 'index.cjs')).equals(readFileSync(join(bundles, 'aws', bundle, 'index.cjs'))),
      ).toBe(true)
    }
  })
})

describe('the schedule', () => {
  it('starts prune every hour, and nothing else', () => {
    const rules = resourcesOf(template, 'AWS::Events::Rule')
    expect(rules.map(({ Properties }) => Properties.ScheduleExpression)).toEqual(['rate(1 hour)'])
    const targets = rules.flatMap(({ Properties }) => Properties.Targets)
    expect(targets.map(({ Arn }) => pointsTo(template, Arn))).toEqual(['tributary-prune.Arn'])
  })
})

describe('public', () => {
  it('is one route, limited in requests, to ingest', () => {
    const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route')
    expect(routes.map(({ Properties }) => Properties.RouteKey)).toEqual(['POST /ingest'])
    const [stage] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage')
    expect(stage?.Properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 500 })
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission')
    const callers = permissions.map(({ Properties }) => [
      Properties.Principal,
      pointsTo(template, Properties.FunctionName),
      Properties.SourceArn !== undefined,
    ])
    expect(callers.toSorted()).toEqual([
      ['apigateway.amazonaws.com', 'tributary-ingest.Arn', true],
      ['events.amazonaws.com', 'tributary-prune.Arn', true],
    ])
    expect(JSON.stringify(template.Outputs.IngestUrl?.Value)).toMatch(/ApiEndpoint.*\/ingest/)
  })

  it('is nothing else: no function address, no other gateway, no policy that lets anybody in', () => {
    const kinds = new Set(Object.values(template.Resources).map(({ Type }) => Type))
    for (const type of kinds) expect(type).not.toMatch(/Lambda::Url|ApiGateway::|CloudFront|ElasticLoadBalancing|S3::/)
    expect(resourcesOf(template, 'AWS::ApiGatewayV2::Api')).toHaveLength(1)
    for (const { Properties } of resourcesOf(template, 'AWS::SQS::QueuePolicy')) {
      for (const statement of Properties.PolicyDocument.Statement) {
        expect(statement).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })
      }
    }
  })
})

describe('data at rest', () => {
  it('is encrypted, restorable and outlives its stack: every table', () => {
    const tables = namedResources(template, 'AWS::DynamoDB::GlobalTable')
    expect([...tables.keys()].toSorted()).toEqual([...typeNames, 'tributary-audit', 'tributary-sync'].toSorted())
    for (const [name, { Properties, DeletionPolicy }] of tables) {
      expect(DeletionPolicy).toBe('Retain')
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' })
      expect(Properties.Replicas).toEqual([
        {
          Region: 'us-east-1',
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          ...(name === 'tributary-sync' ? { GlobalSecondaryIndexes: [{ IndexName: tombstoneIndex }] } : {}),
        },
      ])
    }
  })

  it('finds what is deleted by an index that holds nothing else', () => {
    const table = namedResources(template, 'AWS::DynamoDB::GlobalTable').get('tributary-sync')
    expect(table?.Properties.GlobalSecondaryIndexes).toEqual([
      {
        IndexName: tombstoneIndex,
        KeySchema: [
          { AttributeName: syncTable.key, KeyType: 'HASH' },
          { AttributeName: syncTable.gone, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [syncTable.whole] },
      },
    ])
  })

  it('has the keys that the functions ask by, and both images where they compare', () => {
    const tables = namedResources(template, 'AWS::DynamoDB::GlobalTable')
    const keys = new Map([...tables].map(([name, table]) => [name, tableKey(table)]))
    for (const { name, key } of types) expect(keys.get(name)).toEqual(key)
    expect(keys.get('tributary-sync')).toEqual([syncTable.key])
    expect(keys.get('tributary-audit')).toEqual([auditTable.key, auditTable.sort])
    for (const name of [...typeNames, 'tributary-sync']) {
      expect(tables.get(name)?.Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' })
    }
    expect(tables.get('tributary-audit')?.Properties.TimeToLiveSpecification).toEqual({
      AttributeName: auditTable.expires,
      Enabled: true,
    })
  })

  it('is encrypted while it waits, for as long as it is promised to', () => {
    const [changes] = resourcesOf(template, 'AWS::Kinesis::Stream')
    expect(changes?.Properties).toMatchObject({
      StreamEncryption: { EncryptionType: 'KMS' },
      // How long a peer may be away.
      RetentionPeriodHours: 7 * 24,
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    })
    const queues = namedResources(template, 'AWS::SQS::Queue')
    expect([...queues.keys()].toSorted()).toEqual(
      ['tributary-dead-letters', 'tributary-given-up', ...peers.map(peer => `tributary-waiting-${peer}`)].toSorted(),
    )
    for (const { Properties, DeletionPolicy } of queues.values()) {
      expect(DeletionPolicy).toBe('Retain')
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 86_400 })
    }
    expect(changes?.DeletionPolicy).toBe('Retain')
  })

  it('is not kept for ever where it is only a log', () => {
    const logs = namedResources(template, 'AWS::Logs::LogGroup')
    expect([...logs.keys()].filter(name => name.startsWith('/aws/lambda/')).toSorted()).toEqual(
      functionNames.map(name => `/aws/lambda/${name}`).toSorted(),
    )
    for (const { Properties } of logs.values()) expect(Properties.RetentionInDays).toBe(30)
  })
})

describe('a synthesis', () => {
  it('gives the same bytes again', () => {
    for (const file of [`${stack}.template.json`, `${stack}.assets.json`]) {
      expect(readFileSync(join(second, file)).equals(readFileSync(join(first, file)))).toBe(true)
    }
    const assets = (folder: string) => readdirSync(folder).filter(name => name.startsWith('asset.'))
    expect(assets(second)).toEqual(assets(first))
  })
})
