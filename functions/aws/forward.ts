/** Forward on AWS: the Kinesis stream of changes, one function for each peer. */
import middy from '@middy/core'
import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda'
import { forward } from '../../shared/replicate/forward.ts'
import { logFailure } from '../common/log.ts'
import { failureLog } from './failure-log.ts'
import { forwardPorts } from './site.ts'

export const handler = middy<KinesisStreamEvent, KinesisStreamBatchResponse>()
  .use(failureLog())
  .handler(async ({ Records }, { functionName }) => {
    const ports = await forwardPorts()
    const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())
    const forwarded = await forward(texts, ports)
    const first = forwarded.findIndex(({ outcome }) => outcome === 'again')
    const waiting = forwarded[first]
    if (waiting?.outcome !== 'again') return { batchItemFailures: [] }
    logFailure({ site: ports.here.site, function: functionName, error: new Error(waiting.reason) })
    // Lambda goes on from here: what was delivered behind it is a duplicate for the peer.
    return { batchItemFailures: [{ itemIdentifier: Records[first]?.kinesis.sequenceNumber ?? '' }] }
  })
