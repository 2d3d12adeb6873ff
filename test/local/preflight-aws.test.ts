/** Preflight of an AWS site, against DynamoDB Local, Kinesis and SQS; what only an account tells from its documented answers. */
import { createServer } from 'node:http'
import { CreateTableCommand, type CreateTableCommandInput, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb'
import { CreateQueueCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { type AwsAccess, openAws } from '../../tools/accounts/aws-access.ts'
import { ensureDynamoDbLocal, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import { checkAwsSite } from '../../tools/preflight/check-aws-site.ts'
import { commandWith, findingsOf } from './preflight.ts'

const site = 'aws-us-east-1'

function planWith(aws: object, expires?: string): SyncPlan {
  return defineSync({
    sites: { [site]: { cloud: 'aws', region: 'us-east-1' } },
    data: { carts: { key: ['customer_id'], merge: register(), at: { aws }, ...(expires ? { expires } : {}) } },
  })
}

let access: AwsAccess
let stop: () => Promise<unknown>

beforeAll(async () => {
  const { directory } = await ensureDynamoDbLocal({ onProgress: () => undefined })
  const [dynamodb, kinesis, sqs] = await Promise.all([
    startDynamoDbLocal({ directory, onLog: () => undefined }),
    startKinesisLocal(),
    startSqsLocal(),
  ])
  access = await openAws('us-east-1', {
    cloud: 'aws',
    region: 'us-east-1',
    endpoints: { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint },
    data: {},
  })
  stop = () => Promise.all([dynamodb.stop(), kinesis.stop(), sqs.stop()])
})

afterAll(async () => {
  access?.close()
  await stop?.()
})

const streamed = (StreamViewType: 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY') => ({
  StreamSpecification: { StreamEnabled: true, StreamViewType },
})

async function createTable(name: string, key = 'customer_id', more: Partial<CreateTableCommandInput> = {}) {
  const { TableDescription } = await access.dynamoDb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      ...more,
    }),
  )
  return TableDescription
}

const existing = (table: string, more: object = {}) => planWith({ table, existing: true, ...more })

async function check(plan: SyncPlan, over: Partial<AwsAccess> = {}) {
  return findingsOf(checkAwsSite({ ...access, ...over }, plan, siteOf(plan, site)))
}

describe('an existing table', () => {
  it('with its key and a stream of both images is in order', async () => {
    await createTable('good', 'customer_id', streamed('NEW_AND_OLD_IMAGES'))
    const found = await check(existing('good'))
    expect(found('account', 'credentials')?.outcome).toBe('ok')
    expect(found('table good', 'key')?.outcome).toBe('ok')
    expect(found('table good', 'stream')).toMatchObject({ outcome: 'ok', found: expect.stringContaining('/stream/') })
    expect(found('table good', 'time to live')?.outcome).toBe('ok')
  })

  it('says that what DynamoDB Local does not answer is unknown, not in order', async () => {
    const found = await check(existing('good'))
    expect(found('table good', 'recovery')?.outcome).toBe('unknown')
    expect(found('table good', 'stream readers')?.outcome).toBe('unknown')
    expect(found('quotas', 'instances of Lambda')?.outcome).toBe('unknown')
  })

  it('that is not there is refused', async () => {
    expect((await check(existing('nowhere')))('table nowhere', 'table')?.outcome).toBe('refused')
  })

  it('with another key is refused, and both keys are named', async () => {
    await createTable('other-key', 'id', streamed('NEW_AND_OLD_IMAGES'))
    const key = (await check(existing('other-key')))('table other-key', 'key')
    expect(key).toMatchObject({ outcome: 'refused', found: 'is id (S); declared is customer_id (S)' })
  })

  it('whose key is a number where a text is declared is refused', async () => {
    await createTable('number-key', 'customer_id', {
      AttributeDefinitions: [{ AttributeName: 'customer_id', AttributeType: 'N' }],
      ...streamed('NEW_AND_OLD_IMAGES'),
    })
    expect((await check(existing('number-key')))('table number-key', 'key')?.outcome).toBe('refused')
  })

  it('without a stream, or with one that carries keys only, is refused with the command that changes it', async () => {
    await createTable('no-stream')
    await createTable('keys-only', 'customer_id', streamed('KEYS_ONLY'))
    const none = (await check(existing('no-stream')))('table no-stream', 'stream')
    expect(none).toMatchObject({ outcome: 'refused', remedy: expect.stringContaining('aws dynamodb update-table') })
    const keys = (await check(existing('keys-only')))('table keys-only', 'stream')
    expect(keys).toMatchObject({ outcome: 'refused', found: 'carries KEYS_ONLY' })
  })

  it('that expires by another attribute than is declared is refused; one that does not expire is warned of', async () => {
    const before = await check(planWith({ table: 'good', existing: true }, 'expires_at'))
    expect(before('table good', 'time to live')?.outcome).toBe('warning')
    await createTable('expiring', 'customer_id', streamed('NEW_AND_OLD_IMAGES'))
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'gone_at' }
    await access.dynamoDb.send(new UpdateTimeToLiveCommand({ TableName: 'expiring', TimeToLiveSpecification }))
    const found = await check(planWith({ table: 'expiring', existing: true }, 'expires_at'))
    expect(found('table expiring', 'time to live')?.outcome).toBe('refused')
  })

  it('whose stream has two readers is refused: a third one throttles', async () => {
    const reader = (name: string, State = 'Enabled') => ({
      FunctionArn: `arn:aws:lambda:us-east-1:111122223333:function:${name}`,
      State,
    })
    const readBy = (...readers: readonly object[]) =>
      commandWith({ 'lambda list-event-source-mappings': { EventSourceMappings: readers } })
    const readers = async (command: AwsAccess['command']) =>
      (await check(existing('good'), { command }))('table good', 'stream readers')
    expect(await readers(readBy(reader('search'), reader('mail')))).toMatchObject({
      outcome: 'refused',
      found: expect.stringContaining('search, mail'),
      remedy: expect.stringContaining("feed: 'kinesis'"),
    })
    expect((await readers(readBy(reader('search'), reader('mail', 'Disabled'))))?.outcome).toBe('ok')
    // Capture itself counts, but is no stranger.
    expect((await readers(readBy(reader('search'), reader('tributary-capture'))))?.outcome).toBe('ok')
  })
})

describe('names that the stack makes', () => {
  /** As an account: what stands there is not taken for the local clouds'. */
  const account = { isLocal: false }

  it('that something of somebody else has are refused; ours of a stack that is there are in order', async () => {
    const stackId = 'arn:aws:cloudformation:us-east-1:111122223333:stack/tributary-aws-us-east-1/5b6a'
    const ours = {
      'tributary-site': site,
      'aws:cloudformation:stack-name': 'tributary-aws-us-east-1',
      'aws:cloudformation:stack-id': stackId,
    }
    const create = (QueueName: string, tags: Record<string, string> = {}) =>
      access.sqs.send(new CreateQueueCommand({ QueueName, tags }))
    await create('tributary-dead-letters')
    await create('tributary-given-up', ours)
    const stack = (StackId: string, StackStatus: string) =>
      commandWith({
        'cloudformation describe-stacks --stack-name tributary-aws-us-east-1': { Stacks: [{ StackId, StackStatus }] },
      })
    const found = await check(existing('good'), { ...account, command: stack(stackId, 'UPDATE_COMPLETE') })
    expect(found('queue tributary-dead-letters', 'name')).toMatchObject({ outcome: 'refused' })
    expect(found('queue tributary-given-up', 'name')?.outcome).toBe('ok')
    expect(found('stream tributary-changes', 'name')).toMatchObject({ outcome: 'ok', found: 'free: will be made' })

    const afterwards = await check(existing('good'), { ...account, command: commandWith({}) })
    const left = afterwards('queue tributary-given-up', 'name')
    expect(left).toMatchObject({ outcome: 'refused', found: 'stayed from a stack that is gone' })
    const nameOf = async (command: AwsAccess['command']) =>
      (await check(existing('good'), { ...account, command }))('queue tributary-given-up', 'name')
    expect(await nameOf(stack(`${stackId}-later`, 'CREATE_COMPLETE'))).toMatchObject({
      outcome: 'refused',
      found: 'stayed from a stack that is gone',
    })
    expect(await nameOf(stack(stackId, 'ROLLBACK_COMPLETE'))).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining('delete-stack'),
    })
  })

  it('whose stack is not told are unknown', async () => {
    const command = commandWith({
      'lambda get-function --function-name tributary-capture': { Tags: { 'tributary-site': site } },
    })
    const found = await check(existing('good'), { ...account, command })
    expect(found('function tributary-capture', 'name')?.outcome).toBe('unknown')
  })

  it('are compared with functions, topics, logs and vaults as the command line tells of them', async () => {
    const command = commandWith({
      'sts get-caller-identity': { Account: '111122223333' },
      'lambda get-function --function-name tributary-capture': { Configuration: {}, Tags: { team: 'other' } },
      'lambda get-function --function-name tributary-publish': { Tags: { 'tributary-site': 'aws-eu-west-1' } },
      'logs describe-log-groups --log-group-name-prefix /aws/lambda/tributary-ingest': {
        logGroups: [{ logGroupName: '/aws/lambda/tributary-ingest-old', logGroupArn: 'arn:x' }],
      },
      'backup list-backup-vaults': { BackupVaultList: [{ BackupVaultName: 'tributary', BackupVaultArn: 'arn:vault' }] },
      'backup list-tags --resource-arn arn:vault': { Tags: {} },
      'sns get-topic-attributes --topic-arn arn:aws:sns:us-east-1:111122223333:tributary-channel': {},
      'sns list-tags-for-resource': { Tags: [{ Key: 'team', Value: 'x' }] },
    })
    const found = await check(existing('good'), { ...account, command })
    const outcome = (place: string) => found(place, 'name')?.outcome
    expect(outcome('function tributary-capture')).toBe('refused')
    expect(found('function tributary-publish', 'name')?.found).toBe('taken by site aws-eu-west-1')
    expect(outcome('function tributary-prune')).toBe('ok')
    // Only begins alike.
    expect(outcome('log group /aws/lambda/tributary-ingest')).toBe('ok')
    expect(outcome('backup vault tributary')).toBe('refused')
    expect(outcome('topic tributary-channel')).toBe('refused')
    expect(outcome('topic tributary-security')).toBe('ok')
  })

  it('say so for a table that holds data already and is not declared as existing', async () => {
    const free = await check(planWith({ table: 'good' }), account)
    // DynamoDB Local tells no tags: nothing is claimed.
    expect(free('table good', 'name')?.outcome).toBe('unknown')
    expect((await check(planWith({ table: 'not-there-yet' }), account))('table not-there-yet', 'name')?.outcome).toBe(
      'ok',
    )
  })
})

describe('quotas and preparations', () => {
  it('of a new account are warned of', async () => {
    const command = commandWith({
      'lambda get-account-settings': { AccountLimit: { ConcurrentExecutions: 2 }, AccountUsage: { FunctionCount: 0 } },
      'backup describe-region-settings': { ResourceTypeOptInPreference: { DynamoDB: false, EFS: true } },
    })
    const found = await check(existing('good'), { command })
    expect(found('quotas', 'instances of Lambda')?.outcome).toBe('warning')
    expect(found('account', 'backups')?.outcome).toBe('warning')
    expect(found('account', 'bootstrap')?.remedy).toContain('cdk bootstrap')
  })

  it('answered in another form than is known are unknown', async () => {
    const command = commandWith({ 'lambda get-account-settings': { limits: 1000 } })
    expect((await check(existing('good'), { command }))('quotas', 'instances of Lambda')?.outcome).toBe('unknown')
  })
})

it('keys that AWS does not know are refused, though the command line has others', async () => {
  const server = createServer((_, response) => {
    const answer = {
      __type: 'com.amazon.coral.service#UnrecognizedClientException',
      message: 'The security token included in the request is invalid.',
    }
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const dynamodb = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  const invalid = await openAws('us-east-1', { cloud: 'aws', region: 'us-east-1', endpoints: { dynamodb }, data: {} })
  const command = commandWith({ 'sts get-caller-identity': { Account: '111122223333' } })
  try {
    const plan = existing('good')
    const asked = checkAwsSite({ ...invalid, isLocal: false, command }, plan, siteOf(plan, site))
    const findings = await Array.fromAsync(asked)
    expect(findings.map(({ check, outcome }) => [check, outcome])).toEqual([['credentials', 'refused']])
  } finally {
    invalid.close()
    server.close()
  }
})

it('an account that cannot be asked is refused at once', async () => {
  const nobody = await openAws('us-east-1', {
    cloud: 'aws',
    region: 'us-east-1',
    endpoints: { dynamodb: 'http://127.0.0.1:1', kinesis: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:1' },
    data: {},
  })
  try {
    const plan = existing('good')
    const findings = await Array.fromAsync(checkAwsSite(nobody, plan, siteOf(plan, site)))
    expect(findings.map(({ check, outcome }) => [check, outcome])).toEqual([['credentials', 'refused']])
  } finally {
    nobody.close()
  }
})
