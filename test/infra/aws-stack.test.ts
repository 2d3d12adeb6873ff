/** The AWS stack as `npx cdk synth` makes it: is everything there, kept safe, and closed to strangers? */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { alerts } from '../../infra/alerts.ts'
import { auditTable, syncTable, tombstoneIndex } from '../../shared/declare/resource-names.ts'
import {
  functionNamed,
  namedResources,
  pointsTo,
  readTemplate,
  resourcesOf,
  tableKey,
  triggersIn,
} from './cloudformation.ts'
import { forwards, functionNames, peers, plan, site, typeNames, types } from './retail-site.ts'
import { synthesise } from './synthesise.ts'

const stack = `tributary-${site}`
const assembly = inject('assembly')
/** As the local clouds build them. */
const bundles = inject('bundles')
const template = readTemplate(assembly, stack)

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
      const asset = join(assembly, `asset.${String(Properties.Code.S3Key).replace('.zip', '')}`)
      const bundle = String(Properties.FunctionName).match(/^tributary-([a-z]+)/)?.[1] ?? ''
      expect(readdirSync(asset)).toEqual(['index.cjs'])
      expect(readFileSync(join(asset, 'index.cjs')).equals(readFileSync(join(bundles, bundle, 'index.cjs')))).toBe(true)
    }
  })
})

describe('the schedule', () => {
  it('starts prune every hour, and nothing else', () => {
    const rules = resourcesOf(template, 'AWS::Events::Rule')
    expect(rules.map(({ Properties }) => Properties.ScheduleExpression)).toEqual(['rate(1 hour)'])
    const targets = rules.flatMap(({ Properties }) => Properties.Targets)
    expect(targets.map(({ Arn }) => pointsTo(template, Arn))).toEqual(['tributary-prune.Arn'])
    expect(targets[0].RetryPolicy).toEqual({ MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 1800 })
    expect(pointsTo(template, targets[0].DeadLetterConfig.Arn)).toBe('tributary-given-up.Arn')
  })
})

describe('public', () => {
  const [api, ...otherApis] = resourcesOf(template, 'AWS::ApiGateway::RestApi')
  const [stage] = resourcesOf(template, 'AWS::ApiGateway::Stage')

  it('is one route, limited in requests, over TLS 1.3 only, to ingest', () => {
    expect(otherApis).toEqual([])
    expect(api?.Properties).toMatchObject({
      BinaryMediaTypes: ['*/*'],
      SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09',
      EndpointAccessMode: 'STRICT',
    })
    const methods = resourcesOf(template, 'AWS::ApiGateway::Method')
    expect(methods.map(({ Properties }) => Properties.HttpMethod)).toEqual(['POST'])
    expect(resourcesOf(template, 'AWS::ApiGateway::Resource').map(({ Properties }) => Properties.PathPart)).toEqual([
      'ingest',
    ])
    expect(stage?.Properties.MethodSettings).toEqual([
      expect.objectContaining({
        HttpMethod: '*',
        ResourcePath: '/*',
        ThrottlingRateLimit: 1000,
        ThrottlingBurstLimit: 500,
      }),
    ])
    const callers = resourcesOf(template, 'AWS::Lambda::Permission').map(({ Properties }) => [
      Properties.Principal,
      pointsTo(template, Properties.FunctionName),
      Properties.SourceArn !== undefined,
    ])
    expect(callers.toSorted()).toEqual([
      ['apigateway.amazonaws.com', 'tributary-ingest.Arn', true],
      ['events.amazonaws.com', 'tributary-prune.Arn', true],
    ])
    expect(JSON.stringify(template.Outputs.IngestUrl?.Value)).toMatch(/execute-api.*\/ingest/)
  })

  it('passes a firewall: no token, an address that floods, a known attacker are turned away', () => {
    const [firewall] = resourcesOf(template, 'AWS::WAFv2::WebACL')
    expect(firewall?.Properties).toMatchObject({ Scope: 'REGIONAL', DefaultAction: { Allow: {} } })
    expect(firewall?.Properties.Rules).toMatchObject([
      {
        Action: { Block: {} },
        Statement: { NotStatement: { Statement: { ByteMatchStatement: { SearchString: 'Bearer ' } } } },
      },
      { Action: { Block: {} }, Statement: { RateBasedStatement: { Limit: 60_000, EvaluationWindowSec: 60 } } },
      { OverrideAction: { None: {} }, Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS' } } },
    ])
    const [association] = resourcesOf(template, 'AWS::WAFv2::WebACLAssociation')
    expect(JSON.stringify(association?.Properties.ResourceArn)).toMatch(/\/restapis\/.*\/stages\//)
  })

  it('is nothing else: no function address, no other gateway, no policy that lets anybody in', () => {
    const kinds = new Set(Object.values(template.Resources).map(({ Type }) => Type))
    for (const type of kinds) expect(type).not.toMatch(/Lambda::Url|ApiGatewayV2|CloudFront|ElasticLoadBalancing|S3::/)
    const policies = ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'].flatMap(type => resourcesOf(template, type))
    expect(policies.length).toBeGreaterThan(0)
    for (const { Properties } of policies) {
      for (const { Effect, Principal, Condition } of Properties.PolicyDocument.Statement) {
        if (Effect === 'Deny') expect(Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } })
        else expect([Object.keys(Principal), Condition === undefined]).toEqual([['Service'], false])
      }
    }
  })
})

describe('an alarm', () => {
  it('may be told to every topic', () => {
    const policies = resourcesOf(template, 'AWS::SNS::TopicPolicy')
    expect(policies).toHaveLength(resourcesOf(template, 'AWS::SNS::Topic').length)
    for (const { Properties } of policies) {
      expect(Properties.PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
        }),
      )
    }
  })

  const alarms = namedResources(template, 'AWS::CloudWatch::Alarm')
  const named = (id: string) => [...alarms].filter(([name]) => name.startsWith(`tributary-${id}`))

  it('stands for every row of the alert table, with its threshold, and tells who it is for', () => {
    for (const { id, above, to } of alerts) {
      const found = named(id)
      expect(found.length, id).toBeGreaterThan(0)
      for (const [, { Properties }] of found) {
        expect(Properties).toMatchObject({
          Threshold: above,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
        })
        expect(Properties.AlarmActions.map((topic: unknown) => pointsTo(template, topic))).toEqual([`tributary-${to}`])
      }
    }
  })

  it('watches every function for failures and throttles, and how old what it waits for is', () => {
    const short = functionNames.map(name => name.replace('tributary-', ''))
    const names = [...alarms.keys()]
    for (const name of short) {
      expect(names).toContain(`tributary-function-errors-critical-${name}`)
      expect(names).toContain(`tributary-function-throttles-warning-${name}`)
    }
    expect(names).toEqual(
      expect.arrayContaining([
        'tributary-capture-age-critical-capture',
        'tributary-capture-age-critical-publish',
        ...peers.map(peer => `tributary-forward-age-critical-forward-${peer}`),
        ...[...typeNames, 'tributary-sync'].map(table => `tributary-store-throttles-warning-${table}`),
      ]),
    )
  })

  it('tells how long a change waits that forward put off, of each peer by itself, by what forward writes', () => {
    const filters = resourcesOf(template, 'AWS::Logs::MetricFilter')
    for (const peer of peers) {
      const alarm = alarms.get(`tributary-put-off-age-critical-forward-${peer}`)
      const { Namespace, MetricName, Statistic, Period } = alarm?.Properties ?? {}
      expect([Statistic, Period]).toEqual(['Maximum', 900])
      const found = filters.find(({ Properties }) => Properties.MetricTransformations[0].MetricName === MetricName)
      expect(found?.Properties.MetricTransformations[0]).toMatchObject({
        MetricNamespace: Namespace,
        MetricValue: '$.oldestMs',
      })
      expect(found?.Properties.FilterPattern).toBe('{ $.putOff = "waits on" }')
      expect(pointsTo(template, found?.Properties.LogGroupName)).toBe(`/aws/lambda/tributary-forward-${peer}`)
    }
    // SQS leaves a message that was received three times out of it: what waits comes back every few minutes.
    expect(JSON.stringify(template)).not.toContain('ApproximateAgeOfOldestMessage')
  })

  it('that reads the log reads the lines of every function that writes them, in the log that it writes', () => {
    const filters = resourcesOf(template, 'AWS::Logs::MetricFilter').map(({ Properties }) => [
      Properties.MetricTransformations[0].MetricName,
      pointsTo(template, Properties.LogGroupName),
      Properties.FilterPattern,
      Properties.MetricTransformations[0].MetricValue,
    ])
    expect(filters).toContainEqual([
      'lag-tier-1',
      '/aws/lambda/tributary-ingest',
      '{ $.batch = "received" }',
      '$.lagMsByTier.tier1',
    ])
    for (const writer of ['capture', 'publish', ...peers.map(peer => `forward-${peer}`)]) {
      expect(filters).toContainEqual(['dead-letter', `/aws/lambda/tributary-${writer}`, '{ $.deadLetter = "*" }', '1'])
    }
    const read = new Set(filters.map(([metric]) => metric))
    const logged = alerts.filter(({ metric }) => metric.from === 'log').map(({ watched }) => watched)
    const putOff = peers.map(peer => `put-off-age-forward-${peer}`)
    expect([...read].toSorted()).toEqual([...new Set([...logged, 'arrived', ...putOff])].toSorted())
  })

  it('is shown with what it measures on one dashboard', () => {
    const [dashboard, ...others] = resourcesOf(template, 'AWS::CloudWatch::Dashboard')
    expect(others).toEqual([])
    const text = JSON.stringify(dashboard?.Properties.DashboardBody)
    for (const shown of ['arrived', 'lag-tier-1', 'IteratorAge', 'Errors', 'ApproximateNumberOfMessagesVisible']) {
      expect(text).toContain(shown)
    }
  })
})

describe('a backup', () => {
  it('is made of every table, daily, and nobody shortens its life', () => {
    const [selection] = resourcesOf(template, 'AWS::Backup::BackupSelection')
    const saved = selection?.Properties.BackupSelection.Resources.map((table: unknown) => pointsTo(template, table))
    const wanted = [...typeNames, 'tributary-audit', 'tributary-sync'].map(name => `${name}.Arn`)
    expect(saved.toSorted()).toEqual(wanted.toSorted())
    const [backups] = resourcesOf(template, 'AWS::Backup::BackupPlan')
    expect(backups?.Properties.BackupPlan.BackupPlanRule).toMatchObject([
      { ScheduleExpression: 'cron(0 3 * * ? *)', Lifecycle: { DeleteAfterDays: 35 } },
    ])
    const [vault] = resourcesOf(template, 'AWS::Backup::BackupVault')
    expect(vault?.Properties).toMatchObject({ LockConfiguration: { MinRetentionDays: 35 } })
    expect(pointsTo(template, vault?.Properties.EncryptionKeyArn)).toBe('alias/tributary-data.Arn')
  })
})

describe('data at rest', () => {
  const keys = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::KMS::Key')
  const dataKey = { 'Fn::GetAtt': [keys.find(([id]) => id.includes('DataKey'))?.[0], 'Arn'] }

  it('is under one key of the account, which rotates, outlives the stack and is used by way of services only', () => {
    expect(pointsTo(template, dataKey)).toBe('alias/tributary-data.Arn')
    const data = keys.find(([id]) => id.includes('DataKey'))?.[1]
    expect([data?.Properties.EnableKeyRotation, data?.DeletionPolicy]).toEqual([true, 'Retain'])
    const [account, ...others] = data?.Properties.KeyPolicy.Statement ?? []
    // AWS wants the wildcards there: in the policy of a key the resource is that key, and the account asks its own IAM.
    expect(JSON.stringify(account.Principal)).toMatch(/AWS::AccountId.*:root/)
    for (const { Principal, Condition, Action } of others) {
      expect(Action.join()).not.toContain('*')
      if (Principal.AWS === '*') {
        expect(Condition.StringEquals).toMatchObject({ 'kms:CallerAccount': { Ref: 'AWS::AccountId' } })
        expect(Condition.StringEquals).toHaveProperty('kms:ViaService')
      } else expect(Condition, JSON.stringify(Principal)).toBeDefined()
    }
  })

  it('no root key can be read, and one that is removed is kept a month', () => {
    const roots = keys.filter(([id]) => id.includes('RootKey'))
    expect(roots).toHaveLength(1)
    for (const [, { Properties }] of roots) {
      expect(Properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', PendingWindowInDays: 30 })
    }
  })

  it('is encrypted under it in every log, topic, queue, stream and environment', () => {
    const places: readonly (readonly [string, string])[] = [
      ['AWS::Logs::LogGroup', 'KmsKeyId'],
      ['AWS::SNS::Topic', 'KmsMasterKeyId'],
      ['AWS::SQS::Queue', 'KmsMasterKeyId'],
      ['AWS::Lambda::Function', 'KmsKeyArn'],
    ]
    for (const [type, property] of places) {
      const found = resourcesOf(template, type)
      expect(found.length, type).toBeGreaterThan(0)
      for (const { Properties } of found) expect(Properties[property], type).toEqual(dataKey)
    }
  })

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
          SSESpecification: { KMSMasterKeyId: dataKey },
          Tags: expect.arrayContaining([{ Key: 'tributary-site', Value: site }]),
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
      StreamEncryption: { EncryptionType: 'KMS', KeyId: dataKey },
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
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 14 * 86_400 })
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

  it('is not kept for ever either where API Gateway writes the log of its errors, which it names itself', () => {
    const groups = Object.entries(template.Resources).filter(([, { Type }]) => Type === 'AWS::Logs::LogGroup')
    const [id] =
      groups.find(([, { Properties }]) =>
        /"API-Gateway-Execution-Logs_",\{"Ref":"[^"]*IngestApi[^"]*"\},"\/tributary"/.test(
          JSON.stringify(Properties.LogGroupName),
        ),
      ) ?? []
    // Before the stage: the first request would make it anew, as API Gateway likes it.
    const [stage] = resourcesOf(template, 'AWS::ApiGateway::Stage')
    expect(stage?.DependsOn).toContain(id)
    expect(stage?.Properties.StageName).toBe('tributary')
  })
})

describe('a synthesis', () => {
  it('gives the same bytes again', () => {
    const again = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
    try {
      synthesise(plan, bundles, again)
      for (const file of [`${stack}.template.json`, `${stack}.assets.json`]) {
        expect(readFileSync(join(again, file)).equals(readFileSync(join(assembly, file)))).toBe(true)
      }
      const assets = (folder: string) => readdirSync(folder).filter(name => name.startsWith('asset.'))
      expect(assets(again)).toEqual(assets(assembly))
    } finally {
      rmSync(again, { recursive: true, force: true })
    }
  }, 180_000)
})
