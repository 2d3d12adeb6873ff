/** Capture on AWS: the application's tables, each by its DynamoDB stream or by the Kinesis stream that it feeds. */
import middy from '@middy/core'
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import { unreadableMessage } from '../../shared/replicate/dead-letter.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { sideBySide } from '../../shared/replicate/side-by-side.ts'
import { logFailure } from '../common/log.ts'
import { captureHint } from './capture-hint.ts'
import { failureLog } from './failure-log.ts'
import { leftIn } from './left-in.ts'
import { capturePorts, expressLane } from './site.ts'
import { stepsIn } from './steps-in.ts'
import { stoodBefore } from './stood-before.ts'
import { hintsIn } from './stream-events.ts'

/** The same for both kinds of streams. */
interface BatchResponse {
  readonly batchItemFailures: { readonly itemIdentifier: string }[]
}

export const handler = middy<DynamoDBStreamEvent | KinesisStreamEvent, BatchResponse>()
  .use(failureLog())
  .handler(async (event, { functionName }) => {
    const express = (await expressLane())()
    const ports = { ...capturePorts(), captured: express.captured }
    const { here, clock, deadLetters } = ports
    const { hints, unreadable } = hintsIn(event, here)
    for (const text of unreadable) {
      const reason = 'no record that DynamoDB writes into a Kinesis stream'
      await deadLetters.put(unreadableMessage({ site: here.site, reason, atMs: clock.now(), text }))
    }
    const results = await sideBySide(hints, hint =>
      captureHint(hint, () => stoodBefore(event, hint.ref, dataTypeOf(here, hint.ref.type).plan), {
        ...ports,
        steps: () => stepsIn(event, hint.ref, dataTypeOf(here, hint.ref.type).plan),
        left: () => leftIn(event, hint.ref, dataTypeOf(here, hint.ref.type).plan),
      }),
    )
    await express.send()
    const failed = hints.filter(({ ref }, index) => {
      const result = results[index]
      if (result?.status !== 'rejected') return false
      logFailure({ site: here.site, function: functionName, record: ref, error: result.reason })
      return true
    })
    // Lambda goes on from here: what was captured behind it finds itself unchanged.
    return { batchItemFailures: failed.slice(0, 1).map(({ sequenceNumber }) => ({ itemIdentifier: sequenceNumber })) }
  })
