/** Each function of the AWS site alone: with the environment and the permissions that its template gives it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { bundleFunctions, projectRoot } from '../../tools/build/bundle-functions.ts'
import { makeSiteKeys, type SiteKeys } from '../../tools/local/site-keys.ts'
import {
  allowedTo,
  functionNamed,
  nameOf,
  pointsTo,
  resourcesOf,
  type Template,
  textOf,
  triggersIn,
} from './cloudformation.ts'
import { forwards, functionNames, peers, plan, site, typeNames } from './retail-site.ts'
import { synthesise } from './synthesise.ts'

const folder = mkdtempSync(join(tmpdir(), 'tributary-infra-'))
const assembly = join(folder, 'cdk.out')
let template: Template

beforeAll(async () => {
  await bundleFunctions({ config: join(projectRoot, 'sync.config.ts'), out: folder, clouds: ['aws'] })
  template = synthesise(plan, join(folder, 'aws'), assembly)(site)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

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
    const variables: Record<string, unknown> = functionNamed(template, name).Properties.Environment.Variables
    return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, textOf(value, deployed)]))
  }

  /** Runs the bundle in a process of its own, as Lambda would: its file, its variables, the region. */
  function invoke(name: string, event: unknown): unknown {
    const script = `
      require(process.argv[1]).handler(JSON.parse(process.argv[2]), { functionName: 'here' })
        .then(result => console.log(JSON.stringify(result ?? null)))`
    const asset = `asset.${String(functionNamed(template, name).Properties.Code.S3Key).replace('.zip', '')}`
    const bundle = join(assembly, asset, 'index.cjs')
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
    expect(holders.map(nameOf).toSorted()).toEqual(
      ['tributary-capture', ...forwards, 'tributary-ingest', 'tributary-prune'].toSorted(),
    )
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
  const putOffAndTakeBack = ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map(
    action => `sqs:${action}`,
  )
  const commit = on('tributary-sync', 'dynamodb:GetItem', 'dynamodb:PutItem')
  const audit = on('tributary-audit', 'dynamodb:BatchWriteItem')
  const writeDocument = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']

  const wanted: ReadonlyMap<string, readonly string[]> = new Map([
    [
      'tributary-capture',
      [
        ...typeNames.flatMap(type => [...readTableStream(type), ...on(type, 'dynamodb:GetItem')]),
        ...commit,
        ...deadLetter,
        ...giveUp,
        // For the express lane.
        ...decrypt,
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
          [
            ...readChanges,
            ...on('tributary-sync', 'dynamodb:GetItem'),
            ...on(name.replace('forward', 'waiting'), ...putOffAndTakeBack),
            ...deadLetter,
            ...giveUp,
            ...decrypt,
          ],
        ] as const,
    ),
    [
      'tributary-prune',
      [
        ...typeNames.flatMap(type => on(type, 'dynamodb:GetItem')),
        ...commit,
        ...on('tributary-sync', 'dynamodb:DeleteItem'),
        'dynamodb:Scan on tributary-sync.Arn/index/tombstones',
        ...decrypt,
      ],
    ],
    ['tributary-ingest', [...typeNames.flatMap(type => on(type, ...writeDocument)), ...commit, ...audit, ...decrypt]],
  ])

  test.each(functionNames)('%s may do what it does, where it does it, and nothing else', name => {
    expect(allowedTo(template, name)).toEqual([...(wanted.get(name) ?? []), ...log(name)].toSorted())
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
