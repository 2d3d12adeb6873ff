/**
 * What did the writes that an event tells of leave in an item? The new images of its stream records. Of a table's own stream
 * the last one counts, as they come in the order of the writes; of a Kinesis stream each of them.
 */
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Left } from '../../shared/replicate/echo.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { imageToDocument, isReadWhole, writesOf } from './stood-before.ts'

/** None: the event does not tell, or not of every write. Throws `ValueRefused`. */
export function leftIn(
  event: DynamoDBStreamEvent | KinesisStreamEvent,
  ref: RecordRef,
  type: TypePlan,
): readonly Left[] {
  if (!isReadWhole(event)) return []
  const writes = writesOf(event, ref, type)
  const counting = writes.some(({ isFed }) => isFed) ? writes : writes.slice(-1)
  // A stream without new images tells nothing of what there is.
  if (counting.some(({ eventName, dynamodb }) => (eventName === 'REMOVE') !== (dynamodb.NewImage === undefined)))
    return []
  return counting.map(({ dynamodb: { NewImage } }) => ({
    document: NewImage && imageToDocument(ref, type, NewImage),
  }))
}
