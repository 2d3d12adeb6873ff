/** What an Azure site keeps: Cosmos DB, the queues of changes and of dead letters. */
import type { CosmosClient } from '@azure/cosmos'
import type { QueueServiceClient } from '@azure/storage-queue'
import { createCosmosAuditLog } from '../../functions/azure/audit-log.ts'
import { auditContainer, createCosmosAuditStore } from '../../functions/azure/audit-store.ts'
import { createQueueBus } from '../../functions/azure/bus.ts'
import { createCosmosControlStore } from '../../functions/azure/control-store.ts'
import { createQueueDeadLetters } from '../../functions/azure/dead-letters.ts'
import { createCosmosDocumentScan } from '../../functions/azure/document-scan.ts'
import { createCosmosRecordStore } from '../../functions/azure/record-store.ts'
import { recordTextIn, refOfSyncItem } from '../../functions/azure/sync-item.ts'
import { createCosmosTombstones } from '../../functions/azure/tombstones.ts'
import { adoptionsIn } from '../../functions/common/adoptions.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import { cosmosSyncMark } from '../../shared/declare/resource-names.ts'
import type { SyncPlan, TypePlan } from '../../shared/declare/sync-plan.ts'
import { createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { createTakenHomes } from '../../shared/replicate/taken-homes.ts'
import { takeQueueLetters } from './queue-letters.ts'
import type { SiteStores } from './site-stores.ts'

export interface AzureStoresOptions {
  readonly plan: SyncPlan
  readonly site: string
  readonly cosmos: CosmosClient
  readonly queues: QueueServiceClient
}

export function azureStores({ plan, site, cosmos, queues }: AzureStoresOptions): SiteStores {
  const here = createHere(plan, site)
  const control = createCosmosControlStore(cosmos)
  const container = auditContainer(cosmos)
  const eventPorts = {
    here,
    clock: systemClock,
    store: createCosmosRecordStore({ client: cosmos, here }),
    deadLetters: createQueueDeadLetters(queues, container),
    adoptions: adoptionsIn(control),
    homes: createTakenHomes({ control, clock: systemClock }),
  }
  const audit = { ...createCosmosAuditStore(container), ...createCosmosAuditLog(container) }
  const scan = createCosmosDocumentScan({ client: cosmos, here, clock: systemClock })
  return {
    control,
    ports: { ...eventPorts, bus: createQueueBus(queues, here) },
    tombstones: createCosmosTombstones({ client: cosmos, here }),
    adopting: createAdoptingSite({ ...eventPorts, audit, scan }),
    takeLetters: takeQueueLetters(site, queues, cosmos),
    records: type => recordsOf(cosmos, dataTypeOf(here, type).plan),
    audit,
  }
}

async function* recordsOf(client: CosmosClient, { name, at }: TypePlan) {
  const container = client.database(at.azure.database).container(at.azure.container)
  const query = `SELECT * FROM c WHERE IS_DEFINED(c.${cosmosSyncMark})`
  for await (const { resources } of container.items.query<{ id: string }>(query).getAsyncIterator()) {
    for (const item of resources) {
      const text = recordTextIn(item)
      if (text === undefined) continue
      const ref = refOfSyncItem(item.id, { ...item })
      if (ref.type === name) yield { ref, record: decodeRecord(text) }
    }
  }
}
