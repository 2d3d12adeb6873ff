/**
 * Through which versions did an item go, by the images of its stream records? Only a table's own stream has them in the
 * order of the writes.
 */
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import type { Step } from '../../shared/replicate/steps.ts'
import { imageToDocument, writesOf } from './stood-before.ts'

/** In the order of the event. Throws `ValueRefused`. */
export function* stepsIn(
  event: DynamoDBStreamEvent | KinesisStreamEvent,
  ref: RecordRef,
  type: TypePlan,
): Iterable<Step> {
  for (const { dynamodb, isFed } of writesOf(event, ref, type)) {
    if (isFed) continue
    const { OldImage, NewImage } = dynamodb
    yield {
      before: OldImage && imageToDocument(ref, type, OldImage),
      after: NewImage && imageToDocument(ref, type, NewImage),
    }
  }
}
