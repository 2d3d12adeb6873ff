/** One Google Cloud site on this machine: Firestore, Pub/Sub, the functions and what triggers them. */
import { join } from 'node:path'
import { z } from 'zod'
import { once } from '../../../functions/common/once.ts'
import { createFirestore } from '../../../functions/gcp/firestore-client.ts'
import { createPubSub } from '../../../functions/gcp/pubsub-client.ts'
import { documentPattern } from '../../../shared/declare/placement.ts'
import { changesName, forwardName, syncStoreName } from '../../../shared/declare/resource-names.ts'
import { peersOf, type SyncPlan, siteOf, typesAt } from '../../../shared/declare/sync-plan.ts'
import { batchChangesMax } from '../../../shared/replicate/batches.ts'
import { gcpStores } from '../../stores/gcp-stores.ts'
import { openPubSubLetters } from '../../stores/pubsub-letters.ts'
import { cloudTiming } from '../cloud-timing.ts'
import { FunctionErrors } from '../function-errors.ts'
import type { LocalFunction, LocalSite, LocalSiteOptions } from '../local-site.ts'
import { reportEvent } from '../record-events.ts'
import { noFaults } from '../runtime/delivery-faults.ts'
import { Replaceable, replaceInAnyOrder } from '../runtime/replaceable.ts'
import { type CloudFunction, createCloudFunction } from './cloud-function.ts'
import { type FirestoreTrigger, startFirestoreTrigger } from './firestore-trigger.ts'
import { startHttpFront } from './http-front.ts'
import { provisionGoogleSite } from './provision.ts'
import { startPubSubTrigger } from './pubsub-trigger.ts'
import { startGcpServers } from './servers.ts'

const project = 'local'

/** Requests that one instance of forward is given at a time: what comes together travels together, up to a batch. */
const forwardConcurrency = batchChangesMax

export async function startGcpSite(options: LocalSiteOptions): Promise<LocalSite> {
  const { site, timing, onProgress, onLog } = options
  const { region } = siteOf(options.plan, site)
  onProgress('starting Firestore and Pub/Sub')
  const servers = await startGcpServers({ environment: process.env, project, onProgress, onLog })
  const { firestoreHost, pubsubHost } = servers
  const provision = (plan: SyncPlan) => provisionGoogleSite({ plan, site, project, pubsubHost })
  await provision(options.plan)
  const variables = {
    GOOGLE_CLOUD_PROJECT: project,
    FIRESTORE_EMULATOR_HOST: firestoreHost,
    PUBSUB_EMULATOR_HOST: pubsubHost,
    METADATA_SERVER_DETECTION: 'none',
  }

  onProgress('starting the functions')
  const faults = noFaults()
  const errors = new FunctionErrors()
  const cloudFunction = (name: string, target: string, extra: Readonly<Record<string, string>> = {}) =>
    recorded(
      replaceableFunction(options.bundles, bundles =>
        createCloudFunction({
          name,
          target,
          bundle: join(bundles, target, 'index.cjs'),
          environment: { ...options.environment, ...variables, ...extra },
          onLog: line => {
            onLog(`${name} ${line}`)
            errors.note(name, line)
          },
        }),
      ),
    )
  const capture = cloudFunction('capture', 'capture')
  const publish = cloudFunction('publish', 'publish')
  const forwards = peersOf(options.plan, site).map(({ id }) => ({
    peer: id,
    cloudFunction: cloudFunction(`forward-${id}`, 'forward', { TRIBUTARY_PEER: id }),
  }))
  const ingest = cloudFunction('ingest', 'ingest')
  const functions = [capture, publish, ...forwards.map(forward => forward.cloudFunction), ingest]
  await Promise.all(functions.map(fn => fn.warm()))

  const latencyMs = (inTheCloudMs: number) => (timing === 'cloud' ? inTheCloudMs : 0)
  const triggerOn = (document: string, fn: CloudFunction) =>
    startFirestoreTrigger({
      name: `${fn.name} of ${document}`,
      firestore: servers.writesOf(document),
      cloudFunction: fn,
      document,
      project,
      location: region,
      latencyMs: latencyMs(cloudTiming.gcp.firestoreEventMs),
      onLog,
      faults,
    })
  const fixed = [
    triggerOn(`${syncStoreName}/{id}`, publish),
    ...forwards.map(forward =>
      startPubSubTrigger({
        name: forward.cloudFunction.name,
        pubsub: servers.messages,
        cloudFunction: forward.cloudFunction,
        topic: `projects/${project}/topics/${changesName}`,
        subscription: `projects/${project}/subscriptions/${forwardName(forward.peer)}`,
        maxInFlight: forwardConcurrency,
        latencyMs: latencyMs(cloudTiming.gcp.pubSubMs),
        onLog,
        faults,
      }),
    ),
  ]
  /** By the path pattern of their documents. */
  const captures = new Map<string, FirestoreTrigger>()
  /** A trigger that stays keeps the events that wait in it. */
  const followDocuments = async (plan: SyncPlan) => {
    const patterns = new Set(typesAt(plan, site).map(({ at }) => documentPattern(at.gcp)))
    for (const document of patterns.difference(captures)) captures.set(document, triggerOn(document, capture))
    for (const document of new Set(captures.keys()).difference(patterns)) {
      await captures.get(document)?.stop()
      captures.delete(document)
    }
  }
  await followDocuments(options.plan)
  const front = await startHttpFront({ cloudFunction: ingest })
  const firestore = createFirestore({ projectId: project, host: firestoreHost, ssl: false })
  // The client finds an emulator by its variable only; this process serves one site.
  process.env.PUBSUB_EMULATOR_HOST = pubsubHost
  const pubsub = createPubSub(project)
  const letters = openPubSubLetters(site, project, pubsubHost)

  const endFunctions = once(async () => {
    await Promise.all([...fixed, ...captures.values()].map(trigger => trigger.stop()))
    await front.stop()
    await Promise.all(functions.map(fn => fn.stop()))
  })
  /** What differs from one declaration to the other. */
  const running = (plan: SyncPlan): LocalSite => {
    const stores = gcpStores({ plan, site, firestore, pubsub, letters })
    return {
      endpoints: {
        cloud: 'gcp',
        region,
        project,
        endpoints: { firestore: firestoreHost, pubsub: pubsubHost, ingest: `${front.url}/ingest` },
        data: Object.fromEntries(
          typesAt(plan, site).map(({ name, key, keyTypes, at: { gcp } }) => [
            name,
            { collection: gcp.collection, id: gcp.id, key, keyTypes },
          ]),
        ),
      },
      variables,
      ingestUrl: `${front.url}/ingest`,
      functions: functions.map(asLocalFunction),
      faults,
      ...stores,
      triggers: () =>
        functions.map(({ name }) => ({ function: name, failures: errors.count(name), lastError: errors.last(name) })),
      async redeploy({ plan: next, bundles }) {
        await provision(next)
        await replaceInAnyOrder(functions.map(fn => () => fn.replace(bundles)))
        await followDocuments(next)
        return running(next)
      },
      endFunctions,
      async stop() {
        await endFunctions()
        await Promise.all([firestore.terminate(), pubsub.close(), letters.close()])
        await servers.stop()
      },
    }
  }
  return running(options.plan)
}

/** The cloud's function: its name, its address and what triggers it stay when its code is replaced. */
interface DeployedFunction extends CloudFunction {
  replace(bundles: string): Promise<void>
}

function replaceableFunction(bundles: string, create: (bundles: string) => CloudFunction): DeployedFunction {
  const code = new Replaceable(create(bundles))
  return {
    name: code.fn.name,
    get starts() {
      return code.fn.starts
    },
    request: request => code.run(fn => fn.request(request)),
    warm: () => code.fn.warm(),
    kill: () => code.fn.kill(),
    stop: () => code.fn.stop(),
    replace: next => code.replace(create(next)),
  }
}

/** How an event of this cloud is written down: the HTTP request that delivers it. */
const eventRequest = z.object({
  method: z.string().default('POST'),
  path: z.string().default('/'),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().default(''),
  /** The body is Base64: protobuf, or compressed. */
  isBase64Encoded: z.boolean().default(false),
})

function asLocalFunction(fn: CloudFunction): LocalFunction {
  return {
    name: fn.name,
    async invoke(event) {
      const { method, path, headers, body, isBase64Encoded } = eventRequest.parse(event)
      const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
      const answer = await fn.request({ method, path, headers, body: bytes })
      return { status: answer.status, body: answer.body.toString() }
    },
    kill: () => fn.kill(),
  }
}

function recorded(fn: DeployedFunction): DeployedFunction {
  return {
    ...fn,
    get starts() {
      return fn.starts
    },
    request: request => {
      const { method, path, headers, body } = request
      reportEvent(fn.name, { method, path, headers, body: body?.toString('base64') ?? '', isBase64Encoded: true })
      return fn.request(request)
    },
  }
}
