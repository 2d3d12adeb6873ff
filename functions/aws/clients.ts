/**
 * The official clients, made to answer in seconds: a function waits for them, and its trigger comes back anyway.
 *
 * Region, credentials and endpoints come from the standard variables (AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB, ...).
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { KMSClient } from '@aws-sdk/client-kms'
import { SQSClient } from '@aws-sdk/client-sqs'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/** Three attempts stay below 5 s; a healthy request takes 5 to 20 ms. */
const attemptsMax = 3
const requestTimeoutMs = 1500
const connectionTimeoutMs = 1000
/** For as many records as are worked on side by side, and some for what they have to say. */
const socketsMax = 48

/** Beside what the variables say: for a command that works in several accounts. */
export interface ClientPlace {
  readonly region?: string
  readonly profile?: string
}

/** Over HTTP/1.1: Kinesis needs HTTP/2 for enhanced fan-out only, and no emulator speaks it. */
function withinSeconds(place: ClientPlace) {
  return {
    ...place,
    maxAttempts: attemptsMax,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: socketsMax },
      httpsAgent: { maxSockets: socketsMax },
    }),
  }
}

export function createDynamoDb(place: ClientPlace = {}): DynamoDBClient {
  return new DynamoDBClient(withinSeconds(place))
}

export function createKinesis(place: ClientPlace = {}): KinesisClient {
  return new KinesisClient(withinSeconds(place))
}

export function createKms(): KMSClient {
  return new KMSClient(withinSeconds({}))
}

export function createSqs(place: ClientPlace = {}): SQSClient {
  return new SQSClient(withinSeconds(place))
}
