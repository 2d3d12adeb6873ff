/** Pub/Sub: a change of this site waits for one peer. A rejection hands the message back, and it comes again. */
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework'
import * as z from '../../shared/document/schema.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { gathered } from '../common/gathered.ts'
import { logFailure } from '../common/log.ts'
import { forwardPorts } from './site.ts'

/** https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/pubsub/v1/data.proto */
const messagePublished = z.object({ message: z.object({ data: z._default(z.base64(), '') }) })

/** Messages that an instance is given side by side travel together. */
const forwardOne = gathered(async (texts: readonly string[]) => forward(texts, await forwardPorts()), batchChangesMax)

cloudEvent('forward', async ({ data }: CloudEvent<unknown>) => {
  const { here, peerId } = await forwardPorts()
  const { message } = messagePublished.parse(data)
  const text = Buffer.from(message.data, 'base64').toString()
  try {
    const forwarded = await forwardOne(text)
    if (forwarded.outcome !== 'done') throw new Error(forwarded.reason)
  } catch (error) {
    logFailure({ site: here.site, function: `forward-${peerId}`, error })
    throw error
  }
})
