/** The writer of a site's own store. */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import { openDynamoDb } from '../local/official-clients/aws-client.ts'
import { openCosmos } from '../local/official-clients/azure-client.ts'
import { openFirestore } from '../local/official-clients/gcp-client.ts'
import { createCosmosWriter } from './cosmos-writer.ts'
import { createDynamoDbWriter } from './dynamodb-writer.ts'
import { createFirestoreWriter } from './firestore-writer.ts'
import type { StoreWriter } from './store-writer.ts'

export function openWriter(type: TypePlan, endpoints: SiteEndpoints): StoreWriter {
  if (endpoints.cloud === 'aws') return createDynamoDbWriter(openDynamoDb(endpoints), type)
  if (endpoints.cloud === 'gcp') return createFirestoreWriter(openFirestore(endpoints), type)
  return createCosmosWriter(openCosmos(endpoints), type)
}
