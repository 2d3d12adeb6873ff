/** Pub/Sub: a change of this site waits for one peer. A rejection hands the message back, and it comes again. */
import { type CloudEvent, cloudEvent } from '@google-cloud/functions-framework'
import * as z from 'zod'
import { forward } from '../../shared/replicate/forward.ts'
import { logFailure } from '../common/log.ts'
import { forwardPorts } from './site.ts'

/** https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/pubsub/v1/data.proto */
const messagePublished = z.object({ message: z.object({ data: z.base64().default('') }) })

cloudEvent('forward', async ({ data }: CloudEvent<unknown>) => {
  const ports = await forwardPorts()
  const { message } = messagePublished.parse(data)
  const text = Buffer.from(message.data, 'base64').toString()
  try {
    const [forwarded] = await forward([text], ports)
    if (forwarded?.outcome === 'again') throw new Error(forwarded.reason)
  } catch (error) {
    logFailure({ site: ports.here.site, function: `forward-${ports.peerId}`, error })
    throw error
  }
})
