/** Can a DynamoDB table that somebody else made be used as the declaration has it? Nothing of it is ever changed by us. */
import {
  DescribeContinuousBackupsCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { DescribeKeyCommand } from '@aws-sdk/client-kms'
import { z } from 'zod'
import { isNumberKey } from '../../shared/declare/placement.ts'
import { functionName } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { AwsAccess } from '../accounts/aws-access.ts'
import { reasonOf, type Told, told } from '../accounts/told.ts'
import { type Findings, findingsAt, type SiteFinding } from './finding.ts'

/** `types`: those in the table, at least one. */
export async function* checkExistingTable(
  access: AwsAccess,
  types: readonly [TypePlan, ...TypePlan[]],
): AsyncGenerator<SiteFinding> {
  const [type] = types
  const { table: name, feed } = type.at.aws
  const say = findingsAt(`table ${name}`)
  const described = await told(() => access.dynamoDb.send(new DescribeTableCommand({ TableName: name })))
  if (described.is === 'unknown') return yield say.unknown('table', described.reason)
  const table = described.is === 'there' ? described.value.Table : undefined
  if (!table) {
    return yield say.refused(
      'table',
      'is not there, and is declared as existing',
      'make it, or take existing out of at.aws: then it is made with the site',
    )
  }
  yield say.ok('table', 'is there, and stays as it is')
  yield checkKey(say, type, table)
  if (feed === 'stream') yield* checkStream(say, access, name, table)
  else yield await checkFeed(say, access, name)
  if (table.Replicas && table.Replicas.length > 0) {
    yield say.warning(
      'replicas',
      'is a global table: what its other replicas write is captured here like any write',
      'declare it at one site only, or both DynamoDB and Tributary carry the same changes between the replicas',
    )
  }
  yield await checkRecovery(say, access, name)
  yield await checkTimeToLive(say, access, name, types)
  yield await checkEncryption(say, access, table)
}

function checkKey(say: Findings, type: TypePlan, table: TableDescription): SiteFinding {
  const typeOf = (attribute: string | undefined) =>
    table.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === attribute)?.AttributeType
  const keyNamed = (kind: string) => table.KeySchema?.find(({ KeyType }) => KeyType === kind)?.AttributeName
  const found = [keyNamed('HASH'), keyNamed('RANGE')].flatMap(name =>
    name === undefined ? [] : [`${name} (${typeOf(name)})`],
  )
  const declared = type.at.aws.key.map(
    ({ attribute, template }) => `${attribute} (${isNumberKey(type, template) ? 'N' : 'S'})`,
  )
  if (found.join() === declared.join()) return say.ok('key', found.join(', '))
  return say.refused(
    'key',
    `is ${found.join(', ')}; declared is ${declared.join(', ')}`,
    `declare the key that the table has (at.aws.key of ${type.name}), or move the items: a table's key never changes`,
  )
}

const bothImages = 'NEW_AND_OLD_IMAGES'

async function* checkStream(
  say: Findings,
  access: AwsAccess,
  name: string,
  { StreamSpecification: stream, LatestStreamArn: arn }: TableDescription,
): AsyncGenerator<SiteFinding> {
  const enable = `aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=${bothImages}`
  if (!stream?.StreamEnabled || arn === undefined) {
    return yield say.refused('stream', 'has none, so nothing would hear of its writes', enable)
  }
  if (stream.StreamViewType !== bothImages) {
    return yield say.refused(
      'stream',
      `carries ${stream.StreamViewType}`,
      `its readers move to a new stream: aws dynamodb update-table --table-name ${name} --stream-specification ` +
        `StreamEnabled=false, then ${enable}; or leave it and declare at: { aws: { feed: 'kinesis' } }`,
    )
  }
  yield say.ok('stream', `carries both images; Table...StreamArn is ${arn}`)
  yield readersFinding(
    say,
    await access.command(['lambda', 'list-event-source-mappings', '--event-source-arn', arn], mappings),
  )
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
const readersMax = 2

const mappings = z.object({
  EventSourceMappings: z.array(z.object({ FunctionArn: z.string(), State: z.string().default('') })),
})

/** Other programs than Lambda read, too (the Kinesis Client Library): nobody tells of those. */
function readersFinding(say: Findings, asked: Told<z.output<typeof mappings>>): SiteFinding {
  if (asked.is !== 'there') {
    return say.unknown('stream readers', reasonOf(asked))
  }
  const others = asked.value.EventSourceMappings.filter(({ State }) => State !== 'Disabled' && State !== 'Deleting')
    .map(({ FunctionArn }) => FunctionArn.split(':function:')[1]?.split(':')[0] ?? FunctionArn)
    .filter(reader => reader !== functionName('capture'))
  if (others.length < readersMax) {
    return say.ok(
      'stream readers',
      `${others.length} beside capture${others.length > 0 ? `: ${others.join(', ')}` : ''}`,
    )
  }
  return say.refused(
    'stream readers',
    `${others.join(', ')} read it already; a shard takes ${readersMax} readers, and more throttle each other`,
    "declare at: { aws: { feed: 'kinesis' } }, and give the table a Kinesis streaming destination",
  )
}

async function checkFeed(say: Findings, { dynamoDb }: AwsAccess, TableName: string): Promise<SiteFinding> {
  const asked = await told(() => dynamoDb.send(new DescribeKinesisStreamingDestinationCommand({ TableName })))
  if (asked.is !== 'there') return say.unknown('feed', reasonOf(asked))
  const active = asked.value.KinesisDataStreamDestinations?.filter(
    ({ DestinationStatus }) => DestinationStatus === 'ACTIVE',
  )
  const streams = active?.flatMap(({ StreamArn }) => StreamArn ?? []) ?? []
  if (streams.length > 0) return say.ok('feed', `Kinesis; Table...FeedArn is one of ${streams.join(', ')}`)
  return say.refused(
    'feed',
    "writes into no Kinesis stream, and is declared with feed: 'kinesis'",
    `aws dynamodb enable-kinesis-streaming-destination --table-name ${TableName} --stream-arn ARN`,
  )
}

async function checkRecovery(say: Findings, { dynamoDb }: AwsAccess, TableName: string): Promise<SiteFinding> {
  const asked = await told(() => dynamoDb.send(new DescribeContinuousBackupsCommand({ TableName })))
  if (asked.is !== 'there') return say.unknown('recovery', reasonOf(asked))
  const status = asked.value.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus
  if (status === 'ENABLED') return say.ok('recovery', 'point in time')
  return say.warning(
    'recovery',
    'no point-in-time recovery: what an application deletes by mistake is deleted at every site',
    `aws dynamodb update-continuous-backups --table-name ${TableName} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
  )
}

async function checkTimeToLive(
  say: Findings,
  { dynamoDb }: AwsAccess,
  TableName: string,
  types: readonly TypePlan[],
): Promise<SiteFinding> {
  const declared = types.find(({ expires }) => expires !== undefined)?.expires
  const asked = await told(() => dynamoDb.send(new DescribeTimeToLiveCommand({ TableName })))
  if (asked.is !== 'there') return say.unknown('time to live', reasonOf(asked))
  const { TimeToLiveStatus: status, AttributeName: attribute } = asked.value.TimeToLiveDescription ?? {}
  const found = status === 'ENABLED' || status === 'ENABLING' ? attribute : undefined
  if (found === declared) return say.ok('time to live', found === undefined ? 'none' : `by ${found}`)
  if (found === undefined) {
    return say.warning(
      'time to live',
      `expires by '${declared}' is declared, and the table removes nothing`,
      `aws dynamodb update-time-to-live --table-name ${TableName} --time-to-live-specification Enabled=true,AttributeName=${declared}`,
    )
  }
  return say.refused(
    'time to live',
    `the table removes items by '${found}'; declared is ${declared === undefined ? 'nothing' : `'${declared}'`}`,
    `declare expires: '${found}': what the table removes would be taken for a user's delete, and removed at every site`,
  )
}

async function checkEncryption(
  say: Findings,
  { kms, isLocal }: AwsAccess,
  table: TableDescription,
): Promise<SiteFinding> {
  const KeyId = table.SSEDescription?.KMSMasterKeyArn
  if (KeyId === undefined || isLocal) return say.ok('encryption', 'under a key of AWS')
  const key = await told(() => kms.send(new DescribeKeyCommand({ KeyId })))
  if (key.is !== 'there') return say.unknown('encryption', reasonOf(key))
  if (key.value.KeyMetadata?.KeyManager === 'AWS') return say.ok('encryption', 'under a key of AWS')
  return say.warning(
    'encryption',
    `under a key of yours: ${KeyId}`,
    'its policy must admit the roles of capture, ingest and prune (kms:Decrypt, Encrypt, GenerateDataKey by way of DynamoDB)',
  )
}
