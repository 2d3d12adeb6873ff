/** Each function of the AWS site alone: with the environment and the permissions that its template gives it. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, inject, it, test } from 'vitest'
import {
  allowedTo,
  functionNamed,
  pointsTo,
  readTemplate,
  resourcesOf,
  statementsIn,
  textOf,
  triggersIn,
} from './cloudformation.ts'
import { forwards, functionNames, peers, site, typeNames } from './retail-site.ts'

const assembly = inject('assembly')
const template = readTemplate(assembly, `tributary-${site}`)

describe('with the environment of its template and nothing else', () => {
  /** Of a resource its name stands for what a deployment makes of it. */
  function deployed(name: string): string {
    const [id = '', attribute] = name.split('.')
    if (attribute === 'Arn') return `arn:aws:kms:us-east-1:111122223333:key/${id}`
    return `https://sqs.us-east-1.amazonaws.com/111122223333/${pointsTo(template, { Ref: id })}`
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

  test('a forward knows its own peer only, which before its deployment is nowhere and nobody', () => {
    for (const peer of peers) {
      const { TRIBUTARY_PEER, TRIBUTARY_PEERS } = environmentOf(`tributary-forward-${peer}`)
      expect(TRIBUTARY_PEER).toBe(peer)
      expect(JSON.parse(TRIBUTARY_PEERS ?? '')).toEqual({ [peer]: { url: `https://${peer}.invalid/`, keys: [] } })
    }
  })

  test('no secret stands in it: what signs is a key in KMS, by its ARN', () => {
    const holders = functionNames.filter(name => environmentOf(name).TRIBUTARY_ROOT_KEY !== undefined)
    expect(holders.toSorted()).toEqual(
      ['tributary-capture', ...forwards, 'tributary-ingest', 'tributary-prune'].toSorted(),
    )
    for (const name of functionNames) expect(environmentOf(name)).not.toHaveProperty('TRIBUTARY_SIGNING_KEY')
    expect(JSON.stringify(template)).not.toMatch(/secretsmanager|resolve:ssm-secure/)
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
  const sign = on('alias/tributary-root-first', 'kms:Sign')
  const log = (name: string) => on(`/aws/lambda/${name}`, 'logs:CreateLogStream', 'logs:PutLogEvents')
  const deadLetter = on('tributary-dead-letters', 'sqs:SendMessage')
  const giveUp = on('tributary-given-up', 'sqs:SendMessage')
  const putOffAndTakeBack = ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map(
    action => `sqs:${action}`,
  )
  const read = ['dynamodb:GetItem', 'dynamodb:BatchGetItem']
  const commit = on('tributary-sync', ...read, 'dynamodb:PutItem')
  const audit = on('tributary-audit', 'dynamodb:BatchWriteItem')
  const writeDocument = [...read, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem']

  const wanted: ReadonlyMap<string, readonly string[]> = new Map([
    [
      'tributary-capture',
      [
        ...typeNames.flatMap(type => [...readTableStream(type), ...on(type, ...writeDocument)]),
        ...commit,
        ...deadLetter,
        ...giveUp,
        // For the express lane.
        ...sign,
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
            ...on('tributary-sync', ...read),
            ...on(name.replace('forward', 'waiting'), ...putOffAndTakeBack),
            ...deadLetter,
            ...giveUp,
            ...sign,
          ],
        ] as const,
    ),
    [
      'tributary-prune',
      [
        ...typeNames.flatMap(type => on(type, ...read)),
        ...commit,
        ...on('tributary-sync', 'dynamodb:DeleteItem'),
        'dynamodb:Scan on tributary-sync.Arn/index/tombstones',
        ...sign,
      ],
    ],
    ['tributary-ingest', [...typeNames.flatMap(type => on(type, ...writeDocument)), ...commit, ...audit, ...sign]],
  ])

  test.each(functionNames)('%s may do what it does, where it does it, and nothing else', name => {
    expect(allowedTo(template, name)).toEqual([...(wanted.get(name) ?? []), ...log(name)].toSorted())
  })

  it('come from these policies alone, and none has a wildcard', () => {
    const roles = functionNames.map(name => functionNamed(template, name).Properties.Role['Fn::GetAtt'][0])
    for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
      if (Type !== 'AWS::IAM::Role' || !roles.includes(id)) continue
      expect(Properties).not.toHaveProperty('ManagedPolicyArns')
      expect(Properties).not.toHaveProperty('Policies')
    }
    for (const policy of resourcesOf(template, 'AWS::IAM::Policy')) expect(JSON.stringify(policy)).not.toContain('*')
  })

  it('to sign are for one algorithm of one key', () => {
    const signs = statementsIn(template).filter(({ Action }) => Action.includes('kms:Sign'))
    expect(signs.length).toBe(forwards.length + 3)
    for (const { Condition } of signs) {
      expect(Condition).toEqual({ StringEquals: { 'kms:SigningAlgorithm': 'ECDSA_SHA_256' } })
    }
  })

  it('of managed policies only the services that run no code of ours have any', () => {
    const managed = resourcesOf(template, 'AWS::IAM::Role').filter(({ Properties }) => Properties.ManagedPolicyArns)
    const services = managed.map(({ Properties }) => Properties.AssumeRolePolicyDocument.Statement[0].Principal.Service)
    expect(services.toSorted()).toEqual(['apigateway.amazonaws.com', 'backup.amazonaws.com'])
  })
})
