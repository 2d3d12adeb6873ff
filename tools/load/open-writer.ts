/** The writer of a site's own store. Its cloud's SDK is loaded here and not before: most commands use none. */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { SiteEndpoints } from '../local/local-site.ts'
import type { StoreWriter } from './store-writer.ts'

export async function openWriter(type: TypePlan, endpoints: SiteEndpoints): Promise<StoreWriter> {
  switch (endpoints.cloud) {
    case 'aws': {
      const { openDynamoDb } = await import('../local/official-clients/aws-client.ts')
      const { createDynamoDbWriter } = await import('./dynamodb-writer.ts')
      return createDynamoDbWriter(openDynamoDb(endpoints), type)
    }
    case 'gcp': {
      const { openFirestore } = await import('../local/official-clients/gcp-client.ts')
      const { createFirestoreWriter } = await import('./firestore-writer.ts')
      return createFirestoreWriter(openFirestore(endpoints), type)
    }
    case 'azure': {
      const { openCosmos } = await import('../local/official-clients/azure-client.ts')
      const { createCosmosWriter } = await import('./cosmos-writer.ts')
      return createCosmosWriter(openCosmos(endpoints), type)
    }
  }
}
