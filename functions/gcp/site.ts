/**
 * The composition of this cloud's adapters, from the environment: what each function is given. Made once per instance,
 * when the first event needs it.
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
import { systemClock } from '../common/system-clock.ts'
import { toldAudit, toldDeadLetters } from '../common/told.ts'
import { createFirestoreAuditStore } from './audit-store.ts'
import { createPubSubBus } from './bus.ts'
import { createFirestoreControlStore } from './control-store.ts'
import { createPubSubDeadLetters } from './dead-letters.ts'
import { createFirestore } from './firestore-client.ts'
import { createPubSub } from './pubsub-client.ts'
import { createFirestoreRecordStore } from './record-store.ts'
import { createCloudKmsRootKey } from './root-key.ts'
import { createFirestoreTombstones } from './tombstones.ts'

const variables = process.env
const clock = systemClock

const here = /* @__PURE__ */ once(() => createHere(plan, siteFrom(variables)))
const projectId = /* @__PURE__ */ once(() => required(variables, 'GOOGLE_CLOUD_PROJECT'))
export const firestore = /* @__PURE__ */ once(() => createFirestore({ projectId: projectId() }))
const pubsub = /* @__PURE__ */ once(() => createPubSub(projectId()))
const store = /* @__PURE__ */ once(() => createFirestoreRecordStore({ client: firestore(), here: here() }))
const control = /* @__PURE__ */ once(() => createFirestoreControlStore(firestore()))
const homes = /* @__PURE__ */ once(() => createTakenHomes({ control: control(), clock }))
const audit = /* @__PURE__ */ once(() => toldAudit(createFirestoreAuditStore(firestore())))
const deadLetters = /* @__PURE__ */ once(() => toldDeadLetters(createPubSubDeadLetters(pubsub())))

/** In KMS; the local cloud hands it over instead. */
const rootKey = /* @__PURE__ */ once(() =>
  variables.TRIBUTARY_ROOT_KEY === undefined
    ? rootKeyFromJwk(signingKeyFrom(variables))
    : createCloudKmsRootKey({ version: variables.TRIBUTARY_ROOT_KEY }),
)
const sign = /* @__PURE__ */ once(() => siteSigner(variables, rootKey()))

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

export const expressLane = /* @__PURE__ */ once(() => expressLaneFrom(variables, here(), control(), sign))

export const publishPorts = /* @__PURE__ */ once(
  (): PublishPorts => ({
    here: here(),
    clock,
    bus: createPubSubBus(pubsub()),
    audit: audit(),
    deadLetters: deadLetters(),
  }),
)

export const forwardPorts = /* @__PURE__ */ once(async (): Promise<ForwardPorts> => {
  const peerId = peerFrom(variables)
  const peer = await peerAt(variables, here().site, peerId, { sign: sign() })
  const flow = createFlowControl({ control: control(), clock, peer: peerId })
  const report = batchLog(here().site, `forward-${peerId}`)
  return { here: here(), peerId, peer, clock, store: store(), deadLetters: deadLetters(), flow, report }
})

export const ingestPorts = /* @__PURE__ */ once(
  async (): Promise<IngestEndpointPorts> => ({
    here: here(),
    clock,
    store: store(),
    audit: audit(),
    homes: homes(),
    report: batchLog(here().site, 'ingest'),
    sign: sign(),
    verify: await verifierFrom(variables),
  }),
)

export const prunePorts = /* @__PURE__ */ once(
  async (): Promise<PrunePorts> => ({
    here: here(),
    clock,
    store: store(),
    tombstones: createFirestoreTombstones(firestore()),
    peers: await peersAt(variables, here().site, { sign: sign() }),
  }),
)
