/** Publish on AWS: the DynamoDB stream of the sync table. Fails as a whole, and is run again as a whole. */
import middy from '@middy/core'
import type { DynamoDBStreamEvent } from 'aws-lambda'
import { publish } from '../../shared/replicate/publish.ts'
import { failureLog } from './failure-log.ts'
import { publishPorts } from './site.ts'
import { versionsIn } from './stream-events.ts'

export const handler = middy<DynamoDBStreamEvent, void>()
  .use(failureLog())
  .handler(event => publish(versionsIn(event), publishPorts()))
