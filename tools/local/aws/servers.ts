/** The servers of an AWS site: started here, except those that the environment names. */
import { type EndpointVariable, type Environment, replacedEndpoint } from '../replaced-endpoints.ts'
import { ensureDynamoDbLocal, startDynamoDbLocal } from './dynamodb-local.ts'
import { startKinesisLocal } from './kinesis-local.ts'
import { startSqsLocal } from './sqs-s3-local.ts'

export interface AwsServers {
  /** Such as `http://127.0.0.1:40101`. DynamoDB's serves its streams too. */
  readonly endpoints: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string }
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
    named('AWS_ENDPOINT_URL_KINESIS') ?? startKinesisLocal(),
    named('AWS_ENDPOINT_URL_SQS') ?? startSqsLocal(),
  ])
  return {
    endpoints: { dynamodb: dynamodb.endpoint, kinesis: kinesis.endpoint, sqs: sqs.endpoint },
    async stop() {
      await Promise.all([dynamodb.stop(), kinesis.stop(), sqs.stop()])
    },
  }
}

async function startDynamoDb({ onProgress, onLog }: AwsServersOptions) {
  onProgress('fetching DynamoDB Local, once')
  const { directory } = await ensureDynamoDbLocal({ onProgress })
  onProgress('starting DynamoDB Local')
  return startDynamoDbLocal({ directory, onLog })
}
