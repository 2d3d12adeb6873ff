/** What a Google Cloud site keeps: Firestore, the topic of changes, the subscription of dead letters. */
import {
  type CollectionReference,
  FieldPath,
  type Firestore,
  type QueryDocumentSnapshot,
} from '@google-cloud/firestore'
import type { PubSub } from '@google-cloud/pubsub'
import { adoptionsIn } from '../../functions/common/adoptions.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import { createFirestoreAuditLog } from '../../functions/gcp/audit-log.ts'
import { createFirestoreAuditStore } from '../../functions/gcp/audit-store.ts'
import { createPubSubBus } from '../../functions/gcp/bus.ts'
import { createFirestoreControlStore } from '../../functions/gcp/control-store.ts'
import { createPubSubDeadLetters } from '../../functions/gcp/dead-letters.ts'
import { createFirestoreDocumentScan } from '../../functions/gcp/document-scan.ts'
import { createFirestoreRecordStore, wholeField } from '../../functions/gcp/record-store.ts'
import { createFirestoreTombstones } from '../../functions/gcp/tombstones.ts'
import { syncStoreName } from '../../shared/declare/resource-names.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { refFromName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { createTakenHomes } from '../../shared/replicate/taken-homes.ts'
import type { PubSubLetters } from './pubsub-letters.ts'
import type { SiteStores } from './site-stores.ts'

export interface GcpStoresOptions {
  readonly plan: SyncPlan
  readonly site: string
  readonly firestore: Firestore
  readonly pubsub: PubSub
  readonly letters: PubSubLetters
}

export function gcpStores({ plan, site, firestore, pubsub, letters }: GcpStoresOptions): SiteStores {
  const here = createHere(plan, site)
  const control = createFirestoreControlStore(firestore)
  const eventPorts = {
    here,
    clock: systemClock,
    store: createFirestoreRecordStore({ client: firestore, here }),
    deadLetters: createPubSubDeadLetters(pubsub),
    adoptions: adoptionsIn(control),
    homes: createTakenHomes({ control, clock: systemClock }),
  }
  const audit = { ...createFirestoreAuditStore(firestore), ...createFirestoreAuditLog(firestore) }
  const scan = createFirestoreDocumentScan({ client: firestore, here })
  return {
    control,
    ports: { ...eventPorts, bus: createPubSubBus(pubsub) },
    tombstones: createFirestoreTombstones(firestore),
    adopting: createAdoptingSite({ ...eventPorts, audit, scan }),
    takeLetters: letters.take,
    records: type => recordsOf(firestore, type),
    audit,
  }
}

async function* recordsOf(firestore: Firestore, type: string) {
  for await (const document of documentsOf(firestore.collection(syncStoreName))) {
    const ref = refFromName(document.get(wholeField) ?? document.id)
    if (ref.type === type) yield { ref, record: decodeRecord(String(document.get('record'))) }
  }
}

const pageMax = 500

async function* documentsOf(collection: CollectionReference): AsyncGenerator<QueryDocumentSnapshot> {
  const pages = collection.orderBy(FieldPath.documentId()).limit(pageMax)
  let last: QueryDocumentSnapshot | undefined
  do {
    const { docs } = await (last ? pages.startAfter(last) : pages).get()
    yield* docs
    last = docs.length === pageMax ? docs.at(-1) : undefined
  } while (last)
}
