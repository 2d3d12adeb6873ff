/** What appears in a DynamoDB table, by its stream. */
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams'
import { startPollLoop } from './poll-loop.ts'
import type { WatchPlace } from './watch-place.ts'

export async function watchDynamoDbTable({ site, type, field, onSeen }: WatchPlace): Promise<() => Promise<void>> {
  const { region, endpoints, data } = site
  const key = data[type]?.key[0] ?? ''
  const options = {
    region,
    ...(endpoints.dynamodb === undefined ? {} : { endpoint: endpoints.dynamodb }),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }
  const streams = new DynamoDBStreamsClient(options)
  const StreamArn = await streamOf(String(data[type]?.table), new DynamoDBClient(options))
  // The shards of a stream that is minutes old stay open for longer than a benchmark takes.
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }))
  const loops: (() => Promise<void>)[] = []
  for (const { ShardId, SequenceNumberRange } of StreamDescription?.Shards ?? []) {
    if (SequenceNumberRange?.EndingSequenceNumber !== undefined) continue
    const iterator = async (ShardIteratorType: 'LATEST' | 'TRIM_HORIZON') =>
      (await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType }))).ShardIterator
    let ShardIterator = await iterator('LATEST')
    loops.push(
      startPollLoop(async () => {
        if (ShardIterator === undefined) throw new Error(`shard ${ShardId} of ${StreamArn} was closed`)
        const page = await streams.send(new GetRecordsCommand({ ShardIterator })).catch(isTrimmed)
        // DynamoDB Local says so of a place before the first record. Seeing records twice does no harm.
        ShardIterator = page === 'trimmed' ? await iterator('TRIM_HORIZON') : page.NextShardIterator
        const Records = page === 'trimmed' ? [] : page.Records
        for (const { dynamodb } of Records ?? []) {
          const { [key]: name, [field]: value } = dynamodb?.NewImage ?? {}
          if (name?.S !== undefined && value?.N !== undefined) onSeen(name.S, Number(value.N))
        }
        return (Records ?? []).length > 0
      }),
    )
  }
  return async () => {
    await Promise.all(loops.map(end => end()))
    streams.destroy()
  }
}

function isTrimmed(error: unknown): 'trimmed' {
  if (error instanceof TrimmedDataAccessException) return 'trimmed'
  throw error
}

async function streamOf(TableName: string, client: DynamoDBClient): Promise<string> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }))
  client.destroy()
  if (Table?.LatestStreamArn === undefined) throw new Error(`table ${TableName} has no stream`)
  return Table.LatestStreamArn
}
