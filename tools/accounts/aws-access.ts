/** How commands reach an AWS account: with the official clients, and with `aws` for what they are not installed for. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { KMSClient } from '@aws-sdk/client-kms'
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { SiteEndpoints } from '../local/local-site.ts'
import { type CloudCommand, cloudCommand, noCloudCommand } from './cloud-command.ts'

export interface AwsAccess {
  readonly dynamoDb: DynamoDBClient
  readonly kinesis: KinesisClient
  readonly sqs: SQSClient
  readonly kms: KMSClient
  readonly command: CloudCommand
  /** What stands there was made by the local clouds. */
  readonly isLocal: boolean
  close(): void
}

/** A question is asked twice, not for a minute. */
const maxAttempts = 2

/** `local`: an entry of `.local/endpoints.json`; undefined: the account of the default credentials. */
export async function openAws(region: string, local: SiteEndpoints | undefined): Promise<AwsAccess> {
  const [{ DynamoDBClient }, { KinesisClient }, { KMSClient }, { SQSClient }, { NodeHttpHandler }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-kinesis'),
    import('@aws-sdk/client-kms'),
    import('@aws-sdk/client-sqs'),
    import('@smithy/node-http-handler'),
  ])
  const common = {
    region,
    maxAttempts,
    ...(local && { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } }),
  }
  const at = (service: string) => {
    const endpoint = local?.endpoints[service]
    return endpoint === undefined ? common : { ...common, endpoint }
  }
  const dynamoDb = new DynamoDBClient(at('dynamodb'))
  // Local Kinesis speaks HTTP/1.1.
  const kinesis = new KinesisClient({ ...at('kinesis'), ...(local && { requestHandler: new NodeHttpHandler() }) })
  const sqs = new SQSClient(at('sqs'))
  const kms = new KMSClient(common)
  return {
    dynamoDb,
    kinesis,
    sqs,
    kms,
    command: local ? noCloudCommand : cloudCommand('aws', ['--region', region]),
    isLocal: local !== undefined,
    close: () => {
      for (const client of [dynamoDb, kinesis, sqs, kms]) client.destroy()
    },
  }
}
