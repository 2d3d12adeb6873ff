/**
 * The three databases as servers of a test, which can be told to refuse every call the way each cloud does when its
 * capacity is used up. DynamoDB Local is the official one and throttles nobody: a proxy in front of it does.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { ensureDynamoDbLocal, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'

export interface ThrottledStores {
  /** With which the local clouds use these servers instead of their own. */
  readonly variables: Readonly<Record<string, string>>
  /** By cloud. */
  throttle(cloud: string, throttles: boolean): void
  /** How many calls a cloud's store has refused since the start. Polls for changes are not counted. */
  refused(cloud: string): number
  stop(): Promise<void>
}

export async function startThrottledStores(): Promise<ThrottledStores> {
  const silent = { onLog: () => {}, onProgress: () => {} }
  const { directory } = await ensureDynamoDbLocal(silent)
  const dynamoDb = await startDynamoDbLocal({ directory, ...silent })
  const proxy = await startDynamoDbProxy(dynamoDb.endpoint)
  const [firestore, cosmos] = await Promise.all([startFirestoreServer(), startCosmosServer()])
  return {
    variables: {
      AWS_ENDPOINT_URL_DYNAMODB: proxy.url,
      FIRESTORE_EMULATOR_HOST: firestore.host,
      TRIBUTARY_COSMOS: `AccountEndpoint=${cosmos.endpoint};AccountKey=${cosmos.key};`,
    },
    throttle(cloud, throttles) {
      if (cloud === 'aws') proxy.throttle(throttles)
      if (cloud === 'gcp') firestore.refuse(throttles ? 'RESOURCE_EXHAUSTED' : undefined)
      if (cloud === 'azure') cosmos.refuse(throttles ? 429 : undefined)
    },
    refused: cloud => (cloud === 'aws' ? proxy : cloud === 'gcp' ? firestore : cosmos).refused,
    async stop() {
      await proxy.stop()
      await Promise.all([dynamoDb.stop(), firestore.stop(), cosmos.stop()])
    },
  }
}

/** Reads of the table's stream have a capacity of their own: they pass. */
const streamsPrefix = 'DynamoDBStreams_'

const throttled = {
  __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
  message: 'The level of configured provisioned throughput for the table was exceeded.',
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const throttledTransaction = {
  __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
  message: 'Transaction cancelled, please refer cancellation reasons for specific reasons [ThrottlingError, None]',
  CancellationReasons: [{ Code: 'ThrottlingError', Message: throttled.message }, { Code: 'None' }],
}

async function startDynamoDbProxy(endpoint: string) {
  let throttles = false
  let refused = 0
  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const operation = String(incoming.headers['x-amz-target'] ?? '')
    if (throttles && !operation.startsWith(streamsPrefix)) {
      incoming.resume()
      refused += 1
      const error = operation.includes('Transact') ? throttledTransaction : throttled
      outgoing.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(error))
      return
    }
    const { method, headers, url } = incoming
    const forwarded = request(new URL(url ?? '/', endpoint), { method, headers })
    incoming.pipe(forwarded)
    const [answer]: IncomingMessage[] = await once(forwarded, 'response')
    outgoing.writeHead(answer?.statusCode ?? 502, answer?.headers)
    answer?.pipe(outgoing)
  }
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy listens on a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    throttle: (value: boolean) => {
      throttles = value
    },
    get refused() {
      return refused
    },
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
