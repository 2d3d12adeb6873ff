/** The servers of an AWS site: started here, except those that the environment names. */
import { type EndpointVariable, type Environment, replacedEndpoint } from '../replaced-endpoints.ts'
import { Doorbell } from '../runtime/doorbell.ts'
import { startDynamoDbFront } from './dynamodb-front.ts'
import { ensureDynamoDbLocal, startDynamoDbLocal } from './dynamodb-local.ts'
import { startKinesisLocal } from './kinesis-local.ts'
import { startSqsLocal } from './sqs-s3-local.ts'

export interface AwsServers {
  /** Such as `http://127.0.0.1:40101`. DynamoDB's serves its streams too. */
  readonly endpoints: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string }
  /** DynamoDB for the site's own parts, which need no front between. */
  readonly dynamodbItself: string
  /** Rings when an application wrote to this table; undefined where the environment names another DynamoDB. */
  tableWritten(table: string): Doorbell | undefined
  /** Rings when records were put into any stream; undefined where the environment names another Kinesis. */
  readonly recordsPut: Doorbell | undefined
  /** Ends what was started here and nothing else. */
  stop(): Promise<void>
}

export interface AwsServersOptions {
  readonly environment: Environment
  readonly onProgress: (text: string) => void
  readonly onLog: (line: string) => void
}

export async function startAwsServers(options: AwsServersOptions): Promise<AwsServers> {
  const named = (variable: EndpointVariable) => {
    const endpoint = replacedEndpoint(options.environment, variable)
    if (endpoint === undefined) return undefined
    options.onProgress(`using ${endpoint} (${variable})`)
    return { endpoint, stop: async () => {} }
  }
  const [dynamodb, kinesis, sqs] = await Promise.all([
    named('AWS_ENDPOINT_URL_DYNAMODB') ?? startDynamoDb(options),
    named('AWS_ENDPOINT_URL_KINESIS') ?? startKinesis(),
    named('AWS_ENDPOINT_URL_SQS') ?? startSqsLocal(),
  ])
  return {
    endpoints: { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint },
    dynamodbItself: 'itself' in dynamodb ? dynamodb.itself : dynamodb.endpoint,
    tableWritten: table => ('written' in dynamodb ? dynamodb.written(table) : undefined),
    recordsPut: 'recordsPut' in kinesis ? kinesis.recordsPut : undefined,
    async stop() {
      await Promise.all([dynamodb.stop(), kinesis.stop(), sqs.stop()])
    },
  }
}

async function startDynamoDb({ onProgress, onLog }: AwsServersOptions) {
  const { directory } = await ensureDynamoDbLocal({ onProgress })
  onProgress('starting DynamoDB Local')
  const database = await startDynamoDbLocal({ directory, onLog })
  const doorbells = new Map<string, Doorbell>()
  const front = await startDynamoDbFront(database.endpoint, table => doorbells.get(table)?.ring())
  return {
    endpoint: front.endpoint,
    itself: database.endpoint,
    written(table: string): Doorbell {
      const doorbell = doorbells.get(table) ?? new Doorbell()
      doorbells.set(table, doorbell)
      return doorbell
    },
    async stop() {
      await front.stop()
      await database.stop()
    },
  }
}

async function startKinesis() {
  const recordsPut = new Doorbell()
  return { ...(await startKinesisLocal(() => recordsPut.ring())), recordsPut }
}
