/**
 * What the suites ask with `--target local`: the servers of the local clouds, or the emulator that a standard variable
 * names in the place of one. Each is told apart in the table: ours, official, somebody else's, named.
 */
import { ensureDynamoDbLocal, requireJava, startDynamoDbLocal } from '../../tools/local/aws/dynamodb-local.ts'
import { startKinesisLocal } from '../../tools/local/aws/kinesis-local.ts'
import { startSqsLocal } from '../../tools/local/aws/sqs-s3-local.ts'
import { cosmosAccount } from '../../tools/local/azure/account-addresses.ts'
import { startAzurite } from '../../tools/local/azure/azurite.ts'
import { type EndpointVariable, type Environment, replacedEndpoint } from '../../tools/local/replaced-endpoints.ts'
import { startCosmosServer } from '../../tools/local/servers/cosmos/cosmos-server.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { packageVersion, projectVersion } from './client-versions.ts'
import type { ServerDescription } from './report.ts'
import type { ServerUnderTest } from './run-suite.ts'

interface RunningServer extends ServerUnderTest {
  stop(): Promise<void>
}

interface LocalServer {
  readonly services: readonly string[]
  /** Names another server to ask in its place. */
  readonly variable?: EndpointVariable
  start(onProgress: (text: string) => void): Promise<RunningServer>
  /** The environment that reaches the server which the variable names. */
  readonly named?: (endpoint: string) => Environment
}

const aws = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1' }
const google = { GOOGLE_CLOUD_PROJECT: 'local' }
const sessionLagMs = 300

const servers: readonly LocalServer[] = [
  {
    services: ['dynamodb', 'streams'],
    variable: 'AWS_ENDPOINT_URL_DYNAMODB',
    named: endpoint => ({ ...aws, AWS_ENDPOINT_URL_DYNAMODB: endpoint }),
    async start(onProgress) {
      await requireJava()
      const { directory } = await ensureDynamoDbLocal({ onProgress })
      let version = 'unknown'
      const onLog = (line: string) => {
        version = /^Version:\s*(\S+)/.exec(line)?.[1] ?? version
      }
      const server = await startDynamoDbLocal({ directory, onLog })
      const description = { name: 'DynamoDB Local', version, kind: 'official emulator' } as const
      const environment = { ...aws, AWS_ENDPOINT_URL_DYNAMODB: server.endpoint }
      return { description, environment, stop: () => server.stop() }
    },
  },
  {
    services: ['kinesis'],
    variable: 'AWS_ENDPOINT_URL_KINESIS',
    named: endpoint => ({ ...aws, AWS_ENDPOINT_URL_KINESIS: endpoint }),
    async start() {
      const server = await startKinesisLocal()
      const environment = { ...aws, AWS_ENDPOINT_URL_KINESIS: server.endpoint }
      return { description: thirdParty('kinesalite'), environment, stop: () => server.stop() }
    },
  },
  {
    services: ['sqs'],
    variable: 'AWS_ENDPOINT_URL_SQS',
    named: endpoint => ({ ...aws, AWS_ENDPOINT_URL_SQS: endpoint }),
    async start() {
      const server = await startSqsLocal()
      const environment = { ...aws, AWS_ENDPOINT_URL_SQS: server.endpoint }
      return { description: thirdParty('fauxqs'), environment, stop: () => server.stop() }
    },
  },
  {
    services: ['firestore'],
    variable: 'FIRESTORE_EMULATOR_HOST',
    named: host => ({ ...google, FIRESTORE_EMULATOR_HOST: host }),
    async start() {
      const server = await startFirestoreServer()
      const environment = { ...google, FIRESTORE_EMULATOR_HOST: server.host }
      return { description: ours('Firestore server'), environment, stop: () => server.stop() }
    },
  },
  {
    services: ['pubsub'],
    variable: 'PUBSUB_EMULATOR_HOST',
    named: host => ({ ...google, PUBSUB_EMULATOR_HOST: host }),
    async start() {
      const server = await startPubSubServer()
      const environment = { ...google, PUBSUB_EMULATOR_HOST: server.host }
      return { description: ours('Pub/Sub server'), environment, stop: () => server.stop() }
    },
  },
  {
    services: ['cosmos'],
    variable: 'TRIBUTARY_COSMOS',
    named: connection => {
      const { endpoint, key } = cosmosAccount(connection)
      return { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key }
    },
    start: () => startCosmos('Cosmos server'),
  },
  {
    services: ['cosmos-session'],
    start: () =>
      startCosmos('Cosmos server on session', { consistency: 'Session', staleness: { readMs: sessionLagMs } }),
  },
  {
    services: ['queues'],
    variable: 'TRIBUTARY_STORAGE',
    named: connection => ({ AZURE_STORAGE_CONNECTION_STRING: connection }),
    async start() {
      const azurite = await startAzurite({ onLog: () => undefined })
      const description = { name: 'Azurite', version: packageVersion('azurite'), kind: 'official emulator' } as const
      const environment = { AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString }
      return { description, environment, stop: () => azurite.stop() }
    },
  },
]

export interface LocalServers {
  /** By service. */
  readonly servers: ReadonlyMap<string, ServerUnderTest>
  stop(): Promise<void>
}

/** Starts what these services need; what already runs is stopped again when one does not start. */
export async function startLocalServers(
  services: readonly string[],
  environment: Environment,
  onProgress: (text: string) => void,
): Promise<LocalServers> {
  // The Google clients ask a metadata server otherwise, which a laptop has not got.
  process.env.METADATA_SERVER_DETECTION ??= 'none'
  const needed = servers.filter(server => server.services.some(service => services.includes(service)))
  const starts = await Promise.allSettled(
    needed.map(async server => ({
      services: server.services,
      running: namedServer(server, environment) ?? (await server.start(onProgress)),
    })),
  )
  const running = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []))
  const stop = async () => void (await Promise.all(running.map(each => each.running.stop())))
  const failed = starts.find(start => start.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    servers: new Map(running.flatMap(each => each.services.map(service => [service, each.running] as const))),
    stop,
  }
}

function namedServer({ variable, named }: LocalServer, environment: Environment): RunningServer | undefined {
  const endpoint = variable && replacedEndpoint(environment, variable)
  if (!endpoint || !named) return undefined
  const description = { name: `server named by ${variable}`, version: '', kind: 'named server' } as const
  return { description, environment: named(endpoint), async stop() {} }
}

async function startCosmos(
  name: string,
  options: Parameters<typeof startCosmosServer>[0] = {},
): Promise<RunningServer> {
  const server = await startCosmosServer(options)
  return {
    description: ours(name),
    environment: { COSMOS_ENDPOINT: server.endpoint, COSMOS_KEY: server.key },
    throttle: on => server.refuse(on ? 429 : undefined),
    stop: () => server.stop(),
  }
}

function ours(name: string): ServerDescription {
  return { name, version: projectVersion(), kind: 'local server of ours' }
}

function thirdParty(name: string): ServerDescription {
  return { name, version: packageVersion(name), kind: 'third-party emulator' }
}
