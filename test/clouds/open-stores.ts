/** The three stores as an application opens them, with the official clients and what the endpoints file says. */
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CosmosClient } from '@azure/cosmos'
import { Firestore, type Settings } from '@google-cloud/firestore'
import { readEndpoints } from '../../tools/local/official-clients/open-clients.ts'

export interface Stores {
  readonly dynamoDb: DynamoDBClient
  readonly firestore: Firestore
  readonly cosmos: CosmosClient
  close(): Promise<void>
}

/** `folder`: of local clouds with one site of each cloud. */
export async function openStores(folder: string, settings: Settings = {}): Promise<Stores> {
  const sites = Object.values(await readEndpoints(join(folder, 'endpoints.json')))
  const of = (cloud: string) => {
    const found = sites.find(site => site.cloud === cloud)
    if (!found) throw new Error(`no site of ${cloud}`)
    return found
  }
  const [aws, gcp, azure] = [of('aws'), of('gcp'), of('azure')]
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  const dynamoDb = new DynamoDBClient({ region: aws.region, endpoint: String(aws.endpoints.dynamodb), credentials })
  const host = String(gcp.endpoints.firestore)
  const firestore = new Firestore({ projectId: String(gcp.project), host, ssl: false, ...settings })
  const cosmos = new CosmosClient({
    endpoint: String(azure.endpoints.cosmos),
    key: String(azure.credentials?.cosmosKey),
  })
  return {
    ...{ dynamoDb, firestore, cosmos },
    async close() {
      dynamoDb.destroy()
      cosmos.dispose()
      await firestore.terminate()
    },
  }
}
