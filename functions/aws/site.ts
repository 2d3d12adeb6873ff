/**
 * The composition of this cloud's adapters: what each function needs, from its environment. Clients are made when an
 * instance first needs them and kept as long as it lives.
 *
 * The marks let the bundler leave out of each function what only the others need.
 */
import plan from '#plan'
import { createFlowControl } from '../../shared/replicate/flow-control.ts'
import type { ForwardPorts } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import type { EventPorts } from '../../shared/replicate/note.ts'
import type { PrunePorts } from '../../shared/replicate/prune.ts'
import type { PublishPorts } from '../../shared/replicate/publish.ts'
import { createTakenHomes } from '../../shared/replicate/taken-homes.ts'
import type { IngestEndpointPorts } from '../../shared/wire/ingest-endpoint.ts'
import { adoptionsIn, rememberAdopted } from '../common/adoptions.ts'
import { peerFrom, required, signingKeyFrom, siteFrom } from '../common/environment.ts'
import { expressLaneFrom } from '../common/express.ts'
import { batchLog } from '../common/log.ts'
import { once } from '../common/once.ts'
import { rootKeyFromJwk } from '../common/root-key.ts'
import { peerAt, peersAt, siteSigner, verifierFrom } from '../common/signing.ts'
import { systemClock as clock } from '../common/system-clock.ts'
import { toldAudit, toldDeadLetters } from '../common/told.ts'
import { createDynamoDbAuditStore } from './audit-store.ts'
import { createKinesisBus } from './bus.ts'
import { createDynamoDb, createKinesis, createKms, createSqs } from './clients.ts'
import { createDynamoDbControlStore } from './control-store.ts'
import { createSqsDeadLetters } from './dead-letters.ts'
import { createDynamoDbRecordStore } from './record-store.ts'
import { createKmsRootKey } from './root-key.ts'
import { createDynamoDbTombstones } from './tombstones.ts'
import { createWaitingQueue } from './waiting-queue.ts'

const { env } = process

const here = /* @__PURE__ */ once(() => createHere(plan, siteFrom(env)))
const dynamoDb = /* @__PURE__ */ once(createDynamoDb)
const store = /* @__PURE__ */ once(() => createDynamoDbRecordStore({ client: dynamoDb(), here: here() }))
const control = /* @__PURE__ */ once(() => createDynamoDbControlStore(dynamoDb()))
const homes = /* @__PURE__ */ once(() => createTakenHomes({ control: control(), clock }))
const audit = /* @__PURE__ */ once(() => toldAudit(createDynamoDbAuditStore({ client: dynamoDb(), clock })))
const bus = /* @__PURE__ */ once(() => createKinesisBus({ client: createKinesis(), clock }))
const deadLetters = /* @__PURE__ */ once(() =>
  toldDeadLetters(createSqsDeadLetters({ client: createSqs(), queueUrl: required(env, 'TRIBUTARY_DEAD_LETTERS_URL') })),
)

/** In KMS; the local cloud hands it over instead. */
const rootKey = /* @__PURE__ */ once(() =>
  env.TRIBUTARY_ROOT_KEY === undefined
    ? rootKeyFromJwk(signingKeyFrom(env))
    : createKmsRootKey({ client: createKms(), keyId: env.TRIBUTARY_ROOT_KEY }),
)
const sign = /* @__PURE__ */ once(() => siteSigner(env, rootKey()))

export const capturePorts = /* @__PURE__ */ once(
  (): EventPorts => ({
    here: here(),
    clock,
    store: store(),
    deadLetters: deadLetters(),
    adoptions: rememberAdopted(adoptionsIn(control())),
    homes: homes(),
  }),
)

export const expressLane = /* @__PURE__ */ once(() => expressLaneFrom(env, here(), control(), sign))

export const publishPorts = /* @__PURE__ */ once(
  (): PublishPorts => ({ here: here(), clock, bus: bus(), audit: audit(), deadLetters: deadLetters() }),
)

export const forwardPorts = /* @__PURE__ */ once(async (): Promise<ForwardPorts> => {
  const peerId = peerFrom(env)
  const peer = await peerAt(env, siteFrom(env), peerId, { sign: sign() })
  const flow = createFlowControl({ control: control(), clock, peer: peerId })
  const report = batchLog(here().site, `forward-${peerId}`)
  return { here: here(), peerId, peer, clock, store: store(), deadLetters: deadLetters(), flow, report }
})

/** Of the one peer that this function delivers to. */
export const waitingQueue = /* @__PURE__ */ once(() =>
  createWaitingQueue({ client: createSqs(), queueUrl: required(env, 'TRIBUTARY_WAITING_URL'), clock }),
)

export const ingestPorts = /* @__PURE__ */ once(
  async (): Promise<IngestEndpointPorts> => ({
    here: here(),
    clock,
    store: store(),
    audit: audit(),
    homes: homes(),
    report: batchLog(here().site, 'ingest'),
    sign: sign(),
    verify: await verifierFrom(env),
  }),
)

export const prunePorts = /* @__PURE__ */ once(
  async (): Promise<PrunePorts> => ({
    here: here(),
    clock,
    store: store(),
    tombstones: createDynamoDbTombstones(dynamoDb()),
    peers: await peersAt(env, here().site, { sign: sign() }),
  }),
)
