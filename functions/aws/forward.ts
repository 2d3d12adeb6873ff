/**
 * Forward on AWS, one function for each peer: the Kinesis stream of changes, and the queue of what waits.
 *
 * A stream goes on in its order: what comes again holds up everything behind it. That is right while the peer is away, and
 * wrong for one data type that is held back, so that goes into the queue.
 */
import middy from '@middy/core'
import type { KinesisStreamBatchResponse, KinesisStreamEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { forward } from '../../shared/replicate/forward.ts'
import { again, done, type Forwarded, reasonOf } from '../../shared/replicate/forwarded.ts'
import { logFailure, logPutOff } from '../common/log.ts'
import { failureLog } from './failure-log.ts'
import { forwardPorts, waitingQueue } from './site.ts'

export const handler = middy<KinesisStreamEvent | SQSEvent, KinesisStreamBatchResponse | SQSBatchResponse>()
  .use(failureLog())
  .handler(async ({ Records }, { functionName }) => {
    const ports = await forwardPorts()
    const texts = Records.map(record =>
      'kinesis' in record ? Buffer.from(record.kinesis.data, 'base64').toString() : record.body,
    )
    const forwarded = await forward(texts, ports)
    const [first] = Records
    const isStream = first !== undefined && 'kinesis' in first
    const settled = isStream ? await putOffWaiting(forwarded) : forwarded
    const open = settled.flatMap((result, index) => (result.outcome === 'done' ? [] : [{ result, index }]))
    if (open[0]) {
      logFailure({ site: ports.here.site, function: functionName, error: new Error(open[0].result.reason) })
    }
    const sentMs = open.flatMap(({ index }) => sentAtMs(Records[index]) ?? [])
    if (sentMs.length > 0) {
      const oldestMs = ports.clock.now() - Math.min(...sentMs)
      logPutOff({ site: ports.here.site, function: functionName, changes: sentMs.length, oldestMs })
    }
    // Of a stream Lambda goes on from the first one: what was delivered behind it is a duplicate for the peer.
    return {
      batchItemFailures: (isStream ? open.slice(0, 1) : open).map(({ index }) => ({
        itemIdentifier: identifierOf(Records[index]),
      })),
    }
  })

/** What waits is done with as soon as the queue has it. */
async function putOffWaiting(forwarded: readonly Forwarded[]): Promise<readonly Forwarded[]> {
  const waiting = forwarded.flatMap((result, index) => (result.outcome === 'waits' ? [{ ...result, index }] : []))
  if (waiting.length === 0) return forwarded
  const settled = [...forwarded]
  try {
    const left = new Set(await waitingQueue().add(waiting.map(({ claim }) => claim)))
    waiting.forEach(({ index, reason }, position) => {
      settled[index] = left.has(position) ? again(`${reason}, and the queue did not take it`) : done
    })
  } catch (error) {
    for (const { index, reason } of waiting) settled[index] = again(`${reason}, and the queue: ${reasonOf(error)}`)
  }
  return settled
}

type BusRecord = KinesisStreamEvent['Records'][number] | SQSEvent['Records'][number]

/** Of what waits in the queue, when it was put there, ms. */
function sentAtMs(record: BusRecord | undefined): number | undefined {
  return record && 'attributes' in record ? Number(record.attributes.SentTimestamp) : undefined
}

function identifierOf(record: BusRecord | undefined): string {
  if (!record) return ''
  return 'kinesis' in record ? record.kinesis.sequenceNumber : record.messageId
}
