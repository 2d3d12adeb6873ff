/**
 * The Google Cloud site of this project's declaration on the local servers, where each function has its package, the
 * environment and the roles of its template, and nothing else: does everything still work?
 *
 * But for one thing: Cloud KMS has no local server, so the root key is handed over, as to the local clouds. Who may sign with
 * it in KMS is compared in gcp-site.test.ts.
 */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Firestore } from '@google-cloud/firestore'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { writeSiteFolders } from '../../infra/terraform/site-folders.ts'
import { documentPattern } from '../../shared/declare/placement.ts'
import { changesName, deadLettersName, forwardName } from '../../shared/declare/resource-names.ts'
import { peersOf, siteOf, typesAt } from '../../shared/declare/sync-plan.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { createVerifier } from '../../shared/wire/token.ts'
import plan from '../../sync.config.ts'
import { type CloudFunction, createCloudFunction } from '../../tools/local/gcp/cloud-function.ts'
import { startFirestoreTrigger } from '../../tools/local/gcp/firestore-trigger.ts'
import { type HttpFront, startHttpFront } from '../../tools/local/gcp/http-front.ts'
import { provisionGoogleSite } from '../../tools/local/gcp/provision.ts'
import { startPubSubTrigger } from '../../tools/local/gcp/pubsub-trigger.ts'
import { startFirestoreServer } from '../../tools/local/servers/firestore/server.ts'
import { startPubSubServer } from '../../tools/local/servers/pubsub/pubsub-server.ts'
import { type GrpcGate, startGrpcGate } from './grpc-gate.ts'
import { planWith, type RunningPeer, startRunningPeer } from './running-peer.ts'
import { type Arguments, readSite, resourceOf, resourcesOf, type Template, textOf } from './terraform.ts'

const site = 'gcp-us-central1'
const project = 'shop'
const peers = peersOf(plan, site).map(({ id }) => id)
/** Not known at the peers, as if they had another version of the code: what is refused there. */
const strange = 'vendors'

interface Deployed {
  readonly fn: CloudFunction
  readonly firestore: GrpcGate
  readonly pubsub: GrpcGate
}

// A whole site starts here, perhaps beside others that do.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const stops: (() => unknown)[] = []
const running = new Map<string, RunningPeer>()
const deployed = new Map<string, Deployed>()
let application: Firestore
let front: HttpFront
let template: Template

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-gcp-'))
  stops.push(() => rmSync(folder, { recursive: true, force: true }))
  const [firestore, pubsub] = await Promise.all([startFirestoreServer(), startPubSubServer()])
  stops.push(() => Promise.all([firestore.stop(), pubsub.stop()]))
  await provisionGoogleSite({ plan, site, project, pubsubHost: pubsub.host })
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const verify = await createVerifier(new Map([[site, [own.publicKey.export({ format: 'jwk' })]]]))
  const known = { ...plan, types: plan.types.filter(({ name }) => name !== strange) }
  for (const id of peers) running.set(id, await startRunningPeer(known, id, verify))
  stops.push(() => running.forEach(peer => void peer.stop()))
  const withPeers = planWith(plan, running)
  const bundles = join(inject('sites'), '../.build/functions')
  await writeSiteFolders({ plan: withPeers, sites: [siteOf(withPeers, site)], bundles, out: folder })
  template = readSite(join(folder, site))
  const signingKey = JSON.stringify(own.privateKey.export({ format: 'jwk' }))
  for (const args of resourcesOf(template, 'google_cloudfunctions2_function').values()) {
    const gates = {
      firestore: await startGrpcGate({ target: firestore.host, allowed: permissionsOf(args) }),
      pubsub: await startGrpcGate({ target: pubsub.host, allowed: permissionsOf(args) }),
    }
    stops.push(() => Promise.all([gates.firestore.stop(), gates.pubsub.stop()]))
    const fn = cloudFunction(args, join(folder, site, 'functions'), gates, signingKey)
    stops.push(() => fn.stop())
    deployed.set(args.name, { fn, ...gates })
  }
  await Promise.all([...deployed.values()].map(({ fn }) => fn.warm()))
  application = new Firestore({ projectId: project, host: firestore.host, ssl: false })
  stops.push(() => application.terminate())
  front = await startHttpFront({ cloudFunction: named('tributary-ingest').fn })
  stops.push(() => front.stop())
  const shared = { project, location: 'us-central1', onLog: () => undefined }
  const patterns = new Map([
    ...typesAt(plan, site).map(({ at }) => [documentPattern(at.gcp), 'tributary-capture'] as const),
    ['tributary-sync/{id}', 'tributary-publish'],
  ])
  for (const [document, name] of patterns) {
    const trigger = startFirestoreTrigger({ ...shared, name, firestore, document, cloudFunction: named(name).fn })
    stops.push(() => trigger.stop())
  }
  for (const peer of peers) {
    const trigger = startPubSubTrigger({
      ...{ name: peer, pubsub, cloudFunction: named(`tributary-forward-${peer}`).fn, onLog: () => undefined },
      topic: `projects/${project}/topics/${changesName}`,
      subscription: `projects/${project}/subscriptions/${forwardName(peer)}`,
    })
    stops.push(() => trigger.stop())
  }
})

afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

/** What the roles of its account let it call. */
function permissionsOf({ service_config }: Arguments): ReadonlySet<string> {
  const member = String(service_config.service_account_email).replace('.email}', '.member}')
  const rolesIn = (type: string) => [...resourcesOf(template, type).values()].filter(args => args.member === member)
  const ofDatabase: Readonly<Record<string, readonly string[]>> = {
    'roles/datastore.viewer': ['read'],
    'roles/datastore.user': ['read', 'write'],
  }
  return new Set([
    ...rolesIn('google_project_iam_member').flatMap(({ role }) => ofDatabase[role] ?? callsOfRole(role)),
    ...rolesIn('google_pubsub_topic_iam_member').flatMap(({ role, topic }) => {
      const [, name = ''] = /topic\.(\w+)\.id/.exec(topic) ?? []
      return role === 'roles/pubsub.publisher' ? [`publish on tributary-${name.replaceAll('_', '-')}`] : []
    }),
  ])
}

/** Of a role of ours. */
function callsOfRole(role: string): readonly string[] {
  const [, name = ''] = /custom_role\.(\w+)\.id/.exec(role) ?? []
  const permissions: readonly string[] = resourceOf(template, 'google_project_iam_custom_role', name).permissions
  return [
    ...(permissions.includes('datastore.entities.get') ? ['read'] : []),
    ...(permissions.includes('datastore.entities.create') ? ['write'] : []),
  ]
}

function cloudFunction(
  { name, build_config, service_config }: Arguments,
  packages: string,
  gates: Omit<Deployed, 'fn'>,
  signingKey: string,
): CloudFunction {
  const variables = Object.entries<string>(service_config.environment_variables).map(
    ([key, value]) => [key, textOf(template, value, { variables: { project } })] as const,
  )
  const { TRIBUTARY_ROOT_KEY: rootKey, ...environment } = Object.fromEntries(variables)
  return createCloudFunction({
    name: String(name).replace('tributary-', ''),
    target: build_config.entry_point,
    bundle: join(packages, build_config.entry_point, 'index.cjs'),
    environment: {
      ...environment,
      ...(rootKey === undefined ? {} : { TRIBUTARY_SIGNING_KEY: signingKey }),
      FIRESTORE_EMULATOR_HOST: gates.firestore.host,
      PUBSUB_EMULATOR_HOST: gates.pubsub.host,
      METADATA_SERVER_DETECTION: 'none',
    },
    onLog: () => undefined,
    requestTimeoutMs: service_config.timeout_seconds * 1000,
  })
}

function named(name: string): Deployed {
  const found = deployed.get(name)
  if (!found) throw new Error(`no function ${name}`)
  return found
}

function peerNamed(id: string | undefined): RunningPeer {
  const found = running.get(id ?? '')
  if (!found) throw new Error(`no peer ${id}`)
  return found
}

const eventually = <Result>(check: () => Result | Promise<Result>) =>
  vi.waitFor(check, { timeout: 90_000, interval: 50 })
const product = (id: string): RecordRef => ({ type: 'products', key: [id] })

describe('with what the template gives it, and nothing else,', () => {
  it('a write here arrives at every peer, by the express lane and by the bus', async () => {
    await application.doc('carts/alice').set({ currency: 'EUR' })
    await application.doc('products/p1').set({ title: 'Teapot' })
    for (const { site: remote } of running.values()) {
      await eventually(() => expect(remote.document({ type: 'carts', key: ['alice'] })).toEqual({ currency: 'EUR' }))
      await eventually(() => expect(remote.document(product('p1'))).toEqual({ title: 'Teapot' }))
    }
  })

  it('what belongs to Tributary in a document is put right', async () => {
    await application.doc('reservations/sku').set({ stock: 5 })
    await eventually(async () =>
      expect((await application.doc('reservations/sku').get()).get('available')).toBeDefined(),
    )
  })

  it('what cannot be carried, cannot be read, or is refused by a peer becomes a dead letter', async () => {
    await application.doc('carts/odd').set({ items: { tea: { quantity: 'many' } } })
    await application.doc('tributary-sync/products#odd').set({ record: '[99]\n' })
    await application.doc(`${strange}/v1|p1`).set({ title: 'Kettle' })
    const forwards = peers.map(peer => `tributary-forward-${peer}`)
    for (const name of ['tributary-capture', 'tributary-publish', ...forwards]) {
      await eventually(() => expect(named(name).pubsub.used, name).toContain(`publish on ${deadLettersName}`))
    }
  })

  it('a peer’s change is merged: made, changed, taken away, and audited where it meets another', async () => {
    const to = { site, url: `${front.url}/ingest` }
    const peer = peerNamed(peers[0])
    const theirs = application.doc('products/theirs')
    await peer.deliver(product('theirs'), { title: 'one' }, to)
    await peer.deliver(product('theirs'), { title: 'two' }, to)
    expect((await theirs.get()).data()).toEqual({ product_id: 'theirs', title: 'two' })
    await peer.deliver(product('theirs'), undefined, to)
    expect((await theirs.get()).exists).toBe(false)
    await application.doc('products/both').set({ title: 'ours' })
    await peer.deliver(product('both'), { title: 'theirs' }, to)
    await eventually(async () =>
      expect((await application.collection('tributary-audit').get()).size).toBeGreaterThan(0),
    )
  })

  it('what is deleted long ago is looked for', async () => {
    await eventually(async () => {
      const { status, body } = await named('tributary-prune').fn.request({ method: 'POST', path: '/', headers: {} })
      expect(status, body.toString()).toBe(200)
    })
  })
})

describe('nothing', () => {
  it('was denied', () => {
    const denied = [...deployed].flatMap(([name, { firestore, pubsub }]) =>
      [...firestore.denied, ...pubsub.denied].map(call => `${name}: ${call}`),
    )
    expect(denied).toEqual([])
  })

  it('is granted that nobody needs', () => {
    const functions = [...resourcesOf(template, 'google_cloudfunctions2_function').values()]
    const unused = functions.flatMap(args => {
      const { firestore, pubsub } = named(args.name)
      const used = new Set([...firestore.used, ...pubsub.used])
      return [...permissionsOf(args)].flatMap(call => (used.has(call) ? [] : [`${args.name}: ${call}`]))
    })
    // There is nothing yet that is old enough.
    expect(unused).toEqual(['tributary-prune: write'])
  })
})
