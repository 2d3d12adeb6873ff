/** The AWS stack as `cdk synth` makes it: does it hold what the functions need, and nothing that they do not? */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CfnQueue } from 'aws-cdk-lib/aws-sqs'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { createSiteStacks } from '../../infra/aws/site-stacks.ts'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import { auditTable, syncTable } from '../../shared/declare/resource-names.ts'
import { peersOf, typesAt } from '../../shared/declare/sync-plan.ts'
import plan from '../../sync.config.ts'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { makeSiteKeys, type SiteKeys } from '../../tools/local/site-keys.ts'
import {
  namedResources,
  nameOf,
  pointsTo,
  type Resource,
  readTemplate,
  resourcesOf,
  type Template,
  textOf,
} from './cloudformation.ts'
import { cdkSynth, createApp, synthesise } from './synthesise.ts'

const site = 'aws-us-east-1'
const stack = `tributary-${site}`
const peers = peersOf(plan, site).map(({ id }) => id)
const types = typesAt(plan, site).map(({ name }) => name)
const forwards = peers.map(peer => `tributary-forward-${peer}`)
const functionNames = ['tributary-capture', 'tributary-publish', ...forwards, 'tributary-ingest']

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

function functionNamed(name: string, from = template): Resource {
  const found = namedResources(from, 'AWS::Lambda::Function').get(name)
  if (!found) throw new Error(`no function ${name}`)
  return found
}

interface Trigger {
  readonly function: string
  readonly source: string
  readonly properties: Resource['Properties']
}

function triggersIn(from: Template): readonly Trigger[] {
  return resourcesOf(from, 'AWS::Lambda::EventSourceMapping').map(({ Properties: properties }) => ({
    function: pointsTo(from, properties.FunctionName),
    source: pointsTo(from, properties.EventSourceArn),
    properties,
  }))
}

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
}

const listed = <Value>(value: Value | readonly Value[]): readonly Value[] => [value].flat() as readonly Value[]

/** `action on resource` of everything that the policies of roles allow, by function. */
function allowedIn(from: Template): ReadonlyMap<string, readonly string[]> {
  const functionOfRole = new Map(
    resourcesOf(from, 'AWS::Lambda::Function').map(one => [one.Properties.Role['Fn::GetAtt'][0], nameOf(one)]),
  )
  const policies = resourcesOf(from, 'AWS::IAM::Policy').map(({ Properties: { Roles, PolicyDocument } }) => {
    const statements: readonly Statement[] = PolicyDocument.Statement
    const allowed = statements.flatMap(({ Action, Resource }) =>
      listed(Action).flatMap(action => listed(Resource).map(target => `${action} on ${pointsTo(from, target)}`)),
    )
    return [functionOfRole.get(Roles[0].Ref), allowed.toSorted()] as const
  })
  return new Map(policies)
}

describe('every function of the plan', () => {
  it('is there, once, with nothing beside it', () => {
    expect([...namedResources(template, 'AWS::Lambda::Function').keys()].toSorted()).toEqual(functionNames.toSorted())
  })

  it('runs on Node 24, on arm64, for no longer than its caller waits', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' })
    }
    // API Gateway gives up after 30 s.
    expect(functionNamed('tributary-ingest').Properties.Timeout).toBeLessThan(30)
  })

  it('is triggered by its stream: capture by each table, publish by the sync table, forwards by the changes', () => {
    const wanted = [
      ...types.map(type => ['tributary-capture', `${type}.StreamArn`]),
      ['tributary-publish', 'tributary-sync.StreamArn'],
      ...forwards.map(forward => [forward, 'tributary-changes.Arn']),
    ]
    const found = triggersIn(template).map(trigger => [trigger.function, trigger.source])
    expect(found.toSorted()).toEqual(wanted.toSorted())
  })

  it('is tried again until the stream is about to drop the batch, which then is reported', () => {
    for (const { properties } of triggersIn(template)) {
      expect(properties).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        MaximumRetryAttempts: -1,
        BisectBatchOnFunctionError: true,
        ParallelizationFactor: 1,
      })
      expect(properties.MaximumRecordAgeInSeconds).toBeGreaterThan(22 * 3600)
      expect(properties.MaximumRecordAgeInSeconds).toBeLessThan(24 * 3600)
      expect(pointsTo(template, properties.DestinationConfig.OnFailure.Destination)).toBe('tributary-given-up.Arn')
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

describe('with the environment of its template and nothing else', () => {
  const keys = new Map<string, SiteKeys>()
  beforeAll(async () => {
    for (const { id } of plan.sites) keys.set(id, await makeSiteKeys())
  })

  /** What a deployer gives for a parameter or keeps as a secret; of a resource its name stands for it. */
  function deployed(name: string): string {
    if (name === 'SigningKeyVersion') return 'd0e5ee9e-0000-4000-8000-000000000000'
    if (name === `secretsmanager:tributary/${site}/signing-key:SecretString:::${deployed('SigningKeyVersion')}`) {
      return JSON.stringify(keys.get(site)?.privateKey)
    }
    const parameter = template.Parameters[name]
    if (!parameter) return `https://sqs.us-east-1.amazonaws.com/111122223333/${pointsTo(template, { Ref: name })}`
    if (parameter.Default !== undefined) return parameter.Default
    const peer = peers.find(one => name.toLowerCase().includes(one.replaceAll('-', ''))) ?? ''
    return String(Object(keys.get(peer)?.publicKey)[name.endsWith('X') ? 'x' : 'y'])
  }

  function environmentOf(name: string): Record<string, string> {
    const variables: Record<string, unknown> = functionNamed(name).Properties.Environment.Variables
    return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, textOf(value, deployed)]))
  }

  /** Runs the bundle in a process of its own, as Lambda would: its file, its variables, the region. */
  function invoke(name: string, event: unknown): unknown {
    const script = `
      require(process.argv[1]).handler(JSON.parse(process.argv[2]), { functionName: 'here' })
        .then(result => console.log(JSON.stringify(result ?? null)))`
    const asset = `asset.${String(functionNamed(name).Properties.Code.S3Key).replace('.zip', '')}`
    const bundle = join(first, asset, 'index.cjs')
    const env = { ...environmentOf(name), AWS_REGION: 'us-east-1' }
    return JSON.parse(execFileSync(process.execPath, ['-e', script, bundle, JSON.stringify(event)], { env }).toString())
  }

  test.each(['tributary-capture', 'tributary-publish', ...forwards])(
    '%s starts, and answers as its trigger expects',
    name => {
      const answer = invoke(name, { Records: [] })
      const reports = triggersIn(template)
        .filter(trigger => trigger.function === name)
        .map(({ properties }) => properties.FunctionResponseTypes ?? [])
      // An answer about single items that nobody asked for, or the other way round, loses or repeats batches.
      const wanted = answer === null ? [] : ['ReportBatchItemFailures']
      expect(reports.length).toBeGreaterThan(0)
      for (const types of reports) expect(types).toEqual(wanted)
    },
  )

  test('tributary-ingest starts, and lets nobody in who brings no token', () => {
    const answer = invoke('tributary-ingest', { headers: {}, body: '', isBase64Encoded: false })
    expect(answer).toMatchObject({ statusCode: 401 })
  })

  test('a forward knows the address and key of its own peer only', () => {
    for (const peer of peers) {
      const { TRIBUTARY_PEER, TRIBUTARY_PEERS } = environmentOf(`tributary-forward-${peer}`)
      expect(TRIBUTARY_PEER).toBe(peer)
      const { x, y } = Object(keys.get(peer)?.publicKey)
      const key = { kty: 'EC', crv: 'P-256', x, y }
      expect(JSON.parse(TRIBUTARY_PEERS ?? '')).toEqual({ [peer]: { url: `https://${peer}.invalid/`, key } })
    }
  })

  test('the signing key stands in no template, and where it gets to is encrypted', () => {
    const holders = resourcesOf(template, 'AWS::Lambda::Function').filter(
      ({ Properties }) => Properties.Environment.Variables.TRIBUTARY_SIGNING_KEY !== undefined,
    )
    expect(holders.map(nameOf).toSorted()).toEqual([...forwards, 'tributary-ingest'].toSorted())
    for (const { Properties } of holders) {
      const [, [reference]] = Properties.Environment.Variables.TRIBUTARY_SIGNING_KEY['Fn::Join']
      expect(reference).toBe(`{{resolve:secretsmanager:tributary/${site}/signing-key:SecretString:::`)
      expect(Properties.KmsKeyArn).toBeDefined()
    }
  })

  test.each([
    ['PeerGcpUsCentral1Url', 'http://peer.example/ingest'],
    ['PeerGcpUsCentral1Url', 'https://peer.example/","key":{}}'],
    ['PeerGcpUsCentral1KeyX', 'short'],
    ['SigningKeyVersion', '}}{{resolve:ssm:other'],
  ])('%s is never %s', (parameter, value) => {
    expect(value).not.toMatch(new RegExp(template.Parameters[parameter]?.AllowedPattern ?? ''))
  })
})

describe('permissions', () => {
  const readStream = (source: string, service: string, actions: readonly string[]) =>
    actions.map(action => `${service}:${action} on ${source}`)
  const readTableStream = (table: string) =>
    readStream(`${table}.StreamArn`, 'dynamodb', ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'])
  const readChanges = readStream('tributary-changes.Arn', 'kinesis', [
    'DescribeStream',
    'DescribeStreamSummary',
    'GetRecords',
    'GetShardIterator',
    'ListShards',
    'SubscribeToShard',
  ])
  const on = (resource: string, ...actions: readonly string[]) => actions.map(action => `${action} on ${resource}.Arn`)
  const decrypt = on('', 'kms:Decrypt')
  const log = (name: string) => on(`/aws/lambda/${name}`, 'logs:CreateLogStream', 'logs:PutLogEvents')
  const deadLetter = on('tributary-dead-letters', 'sqs:SendMessage')
  const giveUp = on('tributary-given-up', 'sqs:SendMessage')
  const commit = on('tributary-sync', 'dynamodb:GetItem', 'dynamodb:PutItem')
  const audit = on('tributary-audit', 'dynamodb:BatchWriteItem')
  const writeDocument = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']

  const wanted: ReadonlyMap<string, readonly string[]> = new Map([
    [
      'tributary-capture',
      [
        ...types.flatMap(type => [...readTableStream(type), ...on(type, 'dynamodb:GetItem')]),
        ...commit,
        ...deadLetter,
        ...giveUp,
      ],
    ],
    [
      'tributary-publish',
      [
        ...readTableStream('tributary-sync'),
        ...on('tributary-changes', 'kinesis:PutRecords'),
        ...audit,
        ...deadLetter,
        ...giveUp,
      ],
    ],
    ...forwards.map(
      name =>
        [
          name,
          [...readChanges, ...on('tributary-sync', 'dynamodb:GetItem'), ...deadLetter, ...giveUp, ...decrypt],
        ] as const,
    ),
    ['tributary-ingest', [...types.flatMap(type => on(type, ...writeDocument)), ...commit, ...audit, ...decrypt]],
  ])

  test.each(functionNames)('%s may do what it does, where it does it, and nothing else', name => {
    expect(allowedIn(template).get(name)).toEqual([...(wanted.get(name) ?? []), ...log(name)].toSorted())
  })

  it('come from these policies alone, and none has a wildcard', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::IAM::Role')) {
      expect(Properties).not.toHaveProperty('ManagedPolicyArns')
      expect(Properties).not.toHaveProperty('Policies')
    }
    for (const policy of resourcesOf(template, 'AWS::IAM::Policy')) expect(JSON.stringify(policy)).not.toContain('*')
  })

  it('on the key are the account’s: AWS wants a wildcard there, and in the policy of a key it means that key', () => {
    const [key] = resourcesOf(template, 'AWS::KMS::Key')
    const [statement, ...others] = key?.Properties.KeyPolicy.Statement ?? []
    expect(others).toEqual([])
    expect(JSON.stringify(statement.Principal)).toMatch(/AWS::AccountId.*:root/)
  })
})

describe('public', () => {
  it('is one route, limited in requests, to ingest', () => {
    const routes = resourcesOf(template, 'AWS::ApiGatewayV2::Route')
    expect(routes.map(({ Properties }) => Properties.RouteKey)).toEqual(['POST /ingest'])
    const [stage] = resourcesOf(template, 'AWS::ApiGatewayV2::Stage')
    expect(stage?.Properties.DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 500 })
    const permissions = resourcesOf(template, 'AWS::Lambda::Permission')
    expect(permissions.map(({ Properties }) => pointsTo(template, Properties.FunctionName))).toEqual([
      'tributary-ingest.Arn',
    ])
    expect(textOf(template.Outputs.IngestUrl?.Value, () => '')).toMatch(/\/ingest$/)
  })

  it('is nothing else: no function address, no other gateway, no policy that lets anybody in', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type))
    for (const type of types) expect(type).not.toMatch(/Lambda::Url|ApiGateway::|CloudFront|ElasticLoadBalancing|S3::/)
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
    expect([...tables.keys()].toSorted()).toEqual([...types, 'tributary-audit', 'tributary-sync'].toSorted())
    for (const { Properties, DeletionPolicy } of tables.values()) {
      expect(DeletionPolicy).toBe('Retain')
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' })
      expect(Properties.Replicas).toEqual([
        {
          Region: 'us-east-1',
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      ])
    }
  })

  it('has the keys that the functions ask by, and both images where they compare', () => {
    const tables = namedResources(template, 'AWS::DynamoDB::GlobalTable')
    const keys = new Map([...tables].map(([name, { Properties }]) => [name, keyOf(Properties)]))
    for (const { name, key } of typesAt(plan, site)) expect(keys.get(name)).toEqual(key)
    expect(keys.get('tributary-sync')).toEqual([syncTable.key])
    expect(keys.get('tributary-audit')).toEqual([auditTable.key, auditTable.sort])
    for (const name of [...types, 'tributary-sync']) {
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
      RetentionPeriodHours: 24,
      StreamModeDetails: { StreamMode: 'ON_DEMAND' },
    })
    const queues = namedResources(template, 'AWS::SQS::Queue')
    expect([...queues.keys()].toSorted()).toEqual(['tributary-dead-letters', 'tributary-given-up'])
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

function keyOf({ KeySchema, AttributeDefinitions }: Resource['Properties']): readonly string[] {
  for (const { AttributeType } of AttributeDefinitions) expect(AttributeType).toBe('S')
  const named = (kind: string) => KeySchema.find(({ KeyType }: { KeyType: string }) => KeyType === kind)?.AttributeName
  return [named('HASH'), named('RANGE')].filter(name => name !== undefined)
}

describe('a synthesis', () => {
  it('gives the same bytes again', () => {
    for (const file of [`${stack}.template.json`, `${stack}.assets.json`]) {
      expect(readFileSync(join(second, file)).equals(readFileSync(join(first, file)))).toBe(true)
    }
    const assets = (folder: string) => readdirSync(folder).filter(name => name.startsWith('asset.'))
    expect(assets(second)).toEqual(assets(first))
  })

  it('fails for a template that CloudFormation would refuse', () => {
    const app = createApp(join(folder, 'refused'))
    const [built] = createSiteStacks(app, { plan, bundles: join(bundles, 'aws') })
    if (!built) throw new Error('no stack')
    new CfnQueue(built, 'Eternal', { messageRetentionPeriod: 10 ** 9 })
    expect(() => app.synth()).toThrow(/MessageRetentionPeriod/)
  })
})

describe('another declaration', () => {
  const sites = {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  } as const
  let count = 0
  const stacksOf = (declared: ReturnType<typeof defineSync>) =>
    synthesise(declared, join(bundles, 'aws'), join(folder, `variant-${count++}`))

  it('a key of two fields is a partition key and a sort key', () => {
    const levels = { key: ['sku_id', 'location_id'], merge: fields() } as const
    const tables = namedResources(stacksOf(defineSync({ sites, data: { levels } }))(site), 'AWS::DynamoDB::GlobalTable')
    expect(keyOf(tables.get('levels')?.Properties ?? {})).toEqual(['sku_id', 'location_id'])
  })

  it('a type that may not be here has no table, no trigger and no permission here', () => {
    const here = { key: ['id'], merge: register() } as const
    const away = { ...here, sites: ['gcp-us-central1', 'azure-eastus'] } as const
    const built = stacksOf(defineSync({ sites, data: { here, away: { ...away, sites: [...away.sites] } } }))(site)
    const tables = namedResources(built, 'AWS::DynamoDB::GlobalTable')
    expect([...tables.keys()].toSorted()).toEqual(['here', 'tributary-audit', 'tributary-sync'])
    expect(triggersIn(built).filter(trigger => trigger.function === 'tributary-capture')).toHaveLength(1)
    expect(JSON.stringify([...allowedIn(built).values()])).not.toContain('away')
  })

  it('a site that shares no type with this one is no peer: no forward, no parameter, no key at ingest', () => {
    const carts = { key: ['id'], merge: register(), sites: ['aws-us-east-1', 'gcp-us-central1'] } as const
    const built = stacksOf(defineSync({ sites, data: { carts: { ...carts, sites: [...carts.sites] } } }))(site)
    const names = [...namedResources(built, 'AWS::Lambda::Function').keys()]
    expect(names.filter(name => name.startsWith('tributary-forward-'))).toEqual(['tributary-forward-gcp-us-central1'])
    expect(JSON.stringify(built)).not.toMatch(/azure/i)
  })

  it('two sites on AWS are two stacks, each in its region and each the other’s peer', () => {
    const two = { ...sites, 'aws-eu-west-1': { cloud: 'aws', region: 'eu-west-1' } } as const
    const built = stacksOf(defineSync({ sites: two, data: { carts: { key: ['id'], merge: register() } } }))
    for (const [here, region, other] of [
      ['aws-us-east-1', 'us-east-1', 'aws-eu-west-1'],
      ['aws-eu-west-1', 'eu-west-1', 'aws-us-east-1'],
    ] as const) {
      const forward = functionNamed(`tributary-forward-${other}`, built(here))
      expect(forward.Properties.Environment.Variables).toMatchObject({ TRIBUTARY_SITE: here, TRIBUTARY_PEER: other })
      const [table] = resourcesOf(built(here), 'AWS::DynamoDB::GlobalTable')
      expect(table?.Properties.Replicas).toMatchObject([{ Region: region }])
    }
  })
})
