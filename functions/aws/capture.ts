/** Capture on AWS: the DynamoDB streams of the application's tables. */
import middy from '@middy/core'
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { capture } from '../../shared/replicate/capture.ts'
import { logFailure } from '../common/log.ts'
import { failureLog } from './failure-log.ts'
import { capturePorts } from './site.ts'
import { hintsIn } from './stream-events.ts'

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>()
  .use(failureLog())
  .handler(async (event, { functionName }) => {
    const ports = capturePorts()
    const hints = hintsIn(event, ports.here)
    const results = await Promise.allSettled(hints.map(({ ref }) => capture(ref, ports)))
    const failed = hints.filter(({ ref }, index) => {
      const result = results[index]
      if (result?.status !== 'rejected') return false
      logFailure({ site: ports.here.site, function: functionName, record: ref, error: result.reason })
      return true
    })
    // Lambda goes on from here: what was captured behind it finds itself unchanged.
    return { batchItemFailures: failed.slice(0, 1).map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })) }
  })
