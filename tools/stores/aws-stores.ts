/** What an AWS site keeps: DynamoDB, the stream of changes, the queue of dead letters. */
import { type AttributeValue, type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import type { KinesisClient } from '@aws-sdk/client-kinesis'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { createDynamoDbAuditLog } from '../../functions/aws/audit-log.ts'
import { createDynamoDbAuditStore } from '../../functions/aws/audit-store.ts'
import { createKinesisBus } from '../../functions/aws/bus.ts'
import { createDynamoDbControlStore } from '../../functions/aws/control-store.ts'
import { createSqsDeadLetters } from '../../functions/aws/dead-letters.ts'
import { createDynamoDbDocumentScan } from '../../functions/aws/document-scan.ts'
import { attributeToRecord } from '../../functions/aws/record-attribute.ts'
import { createDynamoDbRecordStore } from '../../functions/aws/record-store.ts'
import { createDynamoDbTombstones } from '../../functions/aws/tombstones.ts'
import { adoptionsIn } from '../../functions/common/adoptions.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import { syncStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { createAdoptingSite } from '../../shared/replicate/adopting-site.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { refFromName } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { createTakenHomes } from '../../shared/replicate/taken-homes.ts'
import type { SiteStores } from './site-stores.ts'
import { takeSqsLetters } from './sqs-letters.ts'

export interface AwsStoresOptions {
  readonly plan: SyncPlan
  readonly site: string
  readonly dynamoDb: DynamoDBClient
  readonly kinesis: KinesisClient
  readonly sqs: SQSClient
  readonly deadLettersUrl: string
  /** How long a look for dead letters waits for them. */
  readonly waitS: number
}

export function awsStores(options: AwsStoresOptions): SiteStores {
  const { dynamoDb, kinesis, sqs, deadLettersUrl } = options
  const here = createHere(options.plan, options.site)
  const control = createDynamoDbControlStore(dynamoDb)
  const eventPorts = {
    here,
    clock: systemClock,
    store: createDynamoDbRecordStore({ client: dynamoDb, here }),
    deadLetters: createSqsDeadLetters({ client: sqs, queueUrl: deadLettersUrl }),
    adoptions: adoptionsIn(control),
    homes: createTakenHomes({ control, clock: systemClock }),
  }
  const audit = {
    ...createDynamoDbAuditStore({ client: dynamoDb, clock: systemClock }),
    ...createDynamoDbAuditLog(dynamoDb),
  }
  const scan = createDynamoDbDocumentScan({ client: dynamoDb, here })
  return {
    control,
    ports: { ...eventPorts, bus: createKinesisBus({ client: kinesis, clock: systemClock }) },
    tombstones: createDynamoDbTombstones(dynamoDb),
    adopting: createAdoptingSite({ ...eventPorts, audit, scan }),
    takeLetters: takeSqsLetters(options.site, { client: sqs, url: deadLettersUrl, waitS: options.waitS }),
    records: type => recordsOf(dynamoDb, type),
    audit,
  }
}

async function* recordsOf(client: DynamoDBClient, type: string) {
  for await (const item of scan(client, syncStoreName)) {
    const name = (item[syncTable.whole] ?? item[syncTable.key])?.S ?? ''
    // Beside the records the table holds what steers the site.
    if (!name.startsWith(`${type}#`)) continue
    yield { ref: refFromName(name), record: decodeRecord(attributeToRecord(item[syncTable.record]) ?? '') }
  }
}

async function* scan(client: DynamoDBClient, TableName: string): AsyncGenerator<Record<string, AttributeValue>> {
  for await (const { Items } of paginateScan({ client }, { TableName, ConsistentRead: true })) yield* Items ?? []
}
