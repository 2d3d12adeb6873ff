/** One AWS site on this machine: DynamoDB, Kinesis, SQS, the Lambda functions and what triggers them. */
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import { SQSClient } from '@aws-sdk/client-sqs'
import { once } from '../../../functions/common/once.ts'
import { feedName, syncStoreName, waitingName } from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan, siteOf, typesAt } from '../../../shared/declare/sync-plan.ts'
import { awsStores } from '../../stores/aws-stores.ts'
import { cloudTiming } from '../cloud-timing.ts'
import { FunctionErrors } from '../function-errors.ts'
import type { LocalFunction, LocalSite, LocalSiteOptions } from '../local-site.ts'
import { reportEvent } from '../record-events.ts'
import { type DeliveryFaults, noFaults } from '../runtime/delivery-faults.ts'
import type { Doorbell } from '../runtime/doorbell.ts'
import { Replaceable, replaceInAnyOrder } from '../runtime/replaceable.ts'
import type { Timing } from '../timing.ts'
import { functionArn, queueArn } from './aws-names.ts'
import { createDynamoDbStreamSource } from './dynamodb-stream-source.ts'
import { type EventSourceMapping, startEventSourceMapping } from './event-source-mapping.ts'
import { createKinesisFeed } from './kinesis-feed.ts'
import { createKinesisClient } from './kinesis-local.ts'
import { createKinesisSource } from './kinesis-source.ts'
import { createLambda, type LambdaFunction } from './lambda.ts'
import { type Provisioned, provisionAws } from './provision.ts'
import { startQueueMapping } from './queue-mapping.ts'
import { startRestApi } from './rest-api.ts'
import { type AwsServers, startAwsServers } from './servers.ts'
import type { StreamSource } from './stream-source.ts'

/** Half of what is deployed (infra/aws): nobody waits a minute to see a hanging function end. */
const functionTimeoutMs = 30_000
/** As deployed. */
const batchSize = 100
/** A healed link is used again within this time. */
const retryBackoffMaxMs = 1000
/** A request in flight must not keep the next one waiting. */
const ingestInstances = 2

/** What Lambda waits between two reads of a shard. */
const readEveryMs = {
  DDBStreamBatchInfo: cloudTiming.aws.dynamoDbStreamMs,
  KinesisBatchInfo: cloudTiming.aws.kinesisMs,
}

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

export async function startAwsSite(options: LocalSiteOptions): Promise<LocalSite> {
  const { site, onProgress, onLog } = options
  const { region } = siteOf(options.plan, site)
  onProgress('starting DynamoDB, Kinesis, SQS')
  const servers = await startAwsServers({ environment: process.env, onProgress, onLog })
  const { endpoints } = servers
  const variables = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  }
  const internal = { region, endpoint: servers.dynamodbItself, credentials }
  const dynamoDb = new DynamoDBClient(internal)
  const sqs = new SQSClient({ region, endpoint: endpoints.sqs, credentials })
  const provision = (plan: SyncPlan) => provisionAws({ plan, site, region, endpoints })
  const resources = await provision(options.plan)

  onProgress('starting the functions')
  const faults = noFaults()
  const errors = new FunctionErrors()
  const environment = {
    ...options.environment,
    ...variables,
    AWS_ENDPOINT_URL_DYNAMODB: servers.dynamodbItself,
    TRIBUTARY_DEAD_LETTERS_URL: resources.deadLettersUrl,
  }
  const lambda = (name: string, bundle: string, extra: Readonly<Record<string, string>> = {}, instances = 1) =>
    replaceableLambda(options.bundles, bundles =>
      createLambda({
        name,
        bundle: join(bundles, bundle, 'index.cjs'),
        environment: { ...environment, ...extra },
        timeoutMs: functionTimeoutMs,
        instances,
        onLog: line => {
          onLog(`${name} ${line}`)
          errors.note(name, line)
        },
      }),
    )
  const capture = lambda('capture', 'capture')
  const publish = lambda('publish', 'publish')
  const forwards = peersOf(options.plan, site).map(({ id }) =>
    lambda(`forward-${id}`, 'forward', {
      TRIBUTARY_PEER: id,
      TRIBUTARY_WAITING_URL: resources.waitingUrls.get(id) ?? '',
    }),
  )
  const ingest = lambda('ingest', 'ingest', {}, ingestInstances)
  const lambdas = [capture, publish, ...forwards, ingest]
  await Promise.all(lambdas.map(fn => fn.warm()))

  const streams = new DynamoDBStreamsClient(internal)
  const kinesis = createKinesisClient(endpoints.kinesis, region)
  const mappings = await startMappings({
    region,
    timing: options.timing,
    resources,
    servers,
    streams,
    kinesis,
    capture,
    publish,
    forwards,
    faults,
    onLog,
  })
  const waiting = [...resources.waitingUrls].flatMap(([peer, queueUrl], index) => {
    const fn = forwards[index]
    if (!fn) return []
    const arn = queueArn(region, waitingName(peer))
    return [startQueueMapping({ client: sqs, queueUrl, queueArn: arn, region, invoke: recorded(fn), faults, onLog })]
  })
  const api = await startRestApi({ invoke: recorded(ingest) })

  const endFunctions = once(async () => {
    await Promise.all([mappings, ...waiting, api].map(part => part.stop()))
    await Promise.all(lambdas.map(fn => fn.stop()))
  })
  /** What differs from one declaration to the other. */
  const running = (plan: SyncPlan): LocalSite => {
    const { deadLettersUrl } = resources
    const stores = awsStores({ plan, site, dynamoDb, kinesis, sqs, deadLettersUrl, waitS: 0 })
    return {
      endpoints: {
        cloud: 'aws',
        region,
        endpoints: { ...endpoints, ingest: `${api.url}/ingest` },
        data: dataLocations(plan, site),
      },
      variables,
      ingestUrl: `${api.url}/ingest`,
      functions: lambdas.map(asLocalFunction),
      faults,
      ...stores,
      triggers: () =>
        lambdas.map(({ name }) => ({ function: name, failures: errors.count(name), lastError: errors.last(name) })),
      async redeploy({ plan: next, bundles }) {
        const provisioned = await provision(next)
        await replaceInAnyOrder(lambdas.map(fn => () => fn.replace(bundles)))
        await mappings.follow(provisioned)
        return running(next)
      },
      endFunctions,
      async stop() {
        await endFunctions()
        for (const client of [dynamoDb, streams, kinesis, sqs]) client.destroy()
        await servers.stop()
      },
    }
  }
  return running(options.plan)
}

/** The service's function: its name and what triggers it stay when its code is replaced. */
interface DeployedLambda extends LambdaFunction {
  replace(bundles: string): Promise<void>
}

function replaceableLambda(bundles: string, create: (bundles: string) => LambdaFunction): DeployedLambda {
  const code = new Replaceable(create(bundles))
  return {
    name: code.fn.name,
    invoke: (event, abandoned) => code.run(fn => fn.invoke(event, abandoned)),
    warm: () => code.fn.warm(),
    kill: () => code.fn.kill(),
    stop: () => code.fn.stop(),
    replace: next => code.replace(create(next)),
  }
}

function dataLocations(plan: SyncPlan, site: string) {
  return Object.fromEntries(
    typesAt(plan, site).map(({ name, key, keyTypes, at }) => {
      const { table, key: attributes } = at.aws
      return [name, { table, key, keyTypes, attributes }]
    }),
  )
}

function asLocalFunction(fn: LambdaFunction): LocalFunction {
  return { name: fn.name, invoke: event => fn.invoke(event), kill: () => fn.kill() }
}

function recorded(fn: LambdaFunction) {
  return (event: unknown, abandoned?: AbortSignal) => {
    reportEvent(fn.name, event)
    return fn.invoke(event, abandoned)
  }
}

interface Mappings {
  readonly region: string
  readonly timing: Timing
  readonly resources: Provisioned
  readonly servers: AwsServers
  readonly streams: DynamoDBStreamsClient
  readonly kinesis: KinesisClient
  readonly capture: LambdaFunction
  readonly publish: LambdaFunction
  readonly forwards: readonly LambdaFunction[]
  readonly faults: DeliveryFaults
  readonly onLog: (line: string) => void
}

interface SiteMappings {
  /** Reads the tables that there are now, those that were read before from where that was. */
  follow(resources: Provisioned): Promise<void>
  stop(): Promise<void>
}

async function startMappings(parts: Mappings): Promise<SiteMappings> {
  const { region, timing, resources, servers, streams, kinesis, capture, publish, forwards, faults, onLog } = parts
  const synced = servers.tableWritten(syncStoreName)
  // Functions do not write through the front that rings. Only what capture writes is waited for at other sites.
  const captureThenRing = async (event: unknown) => {
    try {
      return await recorded(capture)(event)
    } finally {
      synced?.ring()
    }
  }
  const map = (
    source: StreamSource,
    fn: LambdaFunction,
    doorbell: Doorbell | undefined,
    reportBatchItemFailures = true,
  ) =>
    startEventSourceMapping({
      source,
      ...(doorbell && { doorbell }),
      ...(timing === 'cloud' && { readEveryMs: readEveryMs[source.batchInfoName] }),
      functionArn: functionArn(region, fn.name),
      invoke: fn === capture ? captureThenRing : recorded(fn),
      startingPosition: 'TRIM_HORIZON',
      batchSize,
      retryBackoffMaxMs,
      reportBatchItemFailures,
      faults,
      onLog,
    })
  const tableStream = (streamArn: string) => createDynamoDbStreamSource({ client: streams, streamArn, region })
  const ringingAt = (table: string) => {
    const doorbell = servers.tableWritten(table)
    return doorbell ? { doorbell } : {}
  }
  // DynamoDB itself writes this feed, and nobody says how late: at once, whatever the timing.
  const feedByKinesis = (table: string, arn: string, feedArn: string) => [
    startEventSourceMapping({
      source: tableStream(arn),
      ...ringingAt(table),
      functionArn: functionArn(region, feedName(table)),
      invoke: createKinesisFeed({ client: kinesis, table, streamName: feedName(table) }),
      startingPosition: 'TRIM_HORIZON',
      onLog,
    }),
    map(createKinesisSource({ client: kinesis, streamArn: feedArn, region }), capture, servers.recordsPut),
  ]
  const changes = () => createKinesisSource({ client: kinesis, streamArn: resources.changesStreamArn, region })
  const fixed = await Promise.all([
    // Publish fails as a whole or not at all: what it cannot read it puts aside.
    map(tableStream(resources.syncStreamArn), publish, synced, false),
    ...forwards.map(fn => map(changes(), fn, servers.recordsPut)),
  ])
  /** By the streams that they read. */
  const ofTables = new Map<string, readonly EventSourceMapping[]>()
  const follow = async ({ tableStreamArns, feedArns }: Provisioned) => {
    const wanted = [...tableStreamArns].map(([table, arn]) => {
      const feedArn = feedArns.get(table)
      return { table, arn, feedArn, streams: [arn, ...(feedArn === undefined ? [] : [feedArn])].join(' ') }
    })
    const unwanted = [...ofTables].filter(([read]) => !wanted.some(({ streams: stream }) => stream === read))
    for (const [read, mappings] of unwanted) {
      await Promise.all(mappings.map(mapping => mapping.stop()))
      ofTables.delete(read)
    }
    const added = wanted.filter(({ streams: stream }) => !ofTables.has(stream))
    await Promise.all(
      added.map(async ({ table, arn, feedArn, streams: stream }) => {
        const starting =
          feedArn === undefined
            ? [map(tableStream(arn), capture, servers.tableWritten(table))]
            : feedByKinesis(table, arn, feedArn)
        ofTables.set(stream, await Promise.all(starting))
      }),
    )
  }
  await follow(resources)
  return {
    follow,
    stop: async () => {
      await Promise.all([...fixed, ...[...ofTables.values()].flat()].map(mapping => mapping.stop()))
    },
  }
}
