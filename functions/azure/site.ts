/**
 * The composition of this cloud's adapters: what each function needs, from its environment. Clients are made when an
 * instance first needs them and kept as long as it lives.
 */
import plan from '#plan'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { createFlowControl } from '../../shared/replicate/flow-control.ts'
import type { ForwardPorts } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import type { EventPorts } from '../../shared/replicate/note.ts'
import type { PrunePorts } from '../../shared/replicate/prune.ts'
import type { PublishPorts } from '../../shared/replicate/publish.ts'
import { restingPeer } from '../../shared/replicate/resting-peer.ts'
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
import { accountFrom } from './account.ts'
import { auditContainer, createCosmosAuditStore } from './audit-store.ts'
import { createQueueBus } from './bus.ts'
import { createCosmosControlStore } from './control-store.ts'
import { createCosmosClient } from './cosmos-client.ts'
import { createQueueDeadLetters } from './dead-letters.ts'
import { cosmosSetting } from './feed-trigger.ts'
import { createManagedIdentity } from './managed-identity.ts'
import { createQueueService } from './queue-client.ts'
import { createCosmosRecordStore } from './record-store.ts'
import { createKeyVaultRootKey } from './root-key.ts'
import { createCosmosTombstones } from './tombstones.ts'

const { env } = process

/** The setting that says how the Storage account is reached (see account.ts). */
export const storageSetting = 'TRIBUTARY_STORAGE'

export const here = /* @__PURE__ */ once(() => createHere(plan, siteFrom(env)))
export const peerId = /* @__PURE__ */ once(() => peerFrom(env))

const cosmos = /* @__PURE__ */ once(() => createCosmosClient(accountFrom(env, cosmosSetting, 'accountEndpoint')))
const queues = /* @__PURE__ */ once(() => createQueueService(accountFrom(env, storageSetting, 'queueServiceUri')))
const store = /* @__PURE__ */ once(() => createCosmosRecordStore({ client: cosmos(), here: here() }))
const control = /* @__PURE__ */ once(() => createCosmosControlStore(cosmos()))
const homes = /* @__PURE__ */ once(() => createTakenHomes({ control: control(), clock }))
const audit = /* @__PURE__ */ once(() => toldAudit(createCosmosAuditStore(auditContainer(cosmos()))))
const deadLetters = /* @__PURE__ */ once(() =>
  toldDeadLetters(createQueueDeadLetters(queues(), auditContainer(cosmos()))),
)

/** In Key Vault; the local cloud hands it over instead. */
const rootKey = /* @__PURE__ */ once(() =>
  env.TRIBUTARY_ROOT_KEY === undefined
    ? rootKeyFromJwk(signingKeyFrom(env))
    : createKeyVaultRootKey({
        keyId: env.TRIBUTARY_ROOT_KEY,
        credential: createManagedIdentity(env, required(env, 'TRIBUTARY_ROOT_KEY__clientId')),
      }),
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
  (): PublishPorts => ({
    here: here(),
    clock,
    bus: createQueueBus(queues(), here()),
    audit: audit(),
    deadLetters: deadLetters(),
  }),
)

export const forwardPorts = /* @__PURE__ */ once(async (): Promise<ForwardPorts> => {
  const peer = restingPeer(await peerAt(env, here().site, peerId(), { sign: sign() }), clock)
  const flow = createFlowControl({ control: control(), clock, peer: peerId() })
  const report = batchLog(here().site, `forward-${peerId()}`)
  return { here: here(), peerId: peerId(), peer, clock, store: store(), deadLetters: deadLetters(), flow, report }
})

/** This function's own queue. */
export const forwardQueue = /* @__PURE__ */ once(() => queues().getQueueClient(forwardName(peerId())))

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
    tombstones: createCosmosTombstones({ client: cosmos(), here: here() }),
    peers: await peersAt(env, here().site, { sign: sign() }),
  }),
)
