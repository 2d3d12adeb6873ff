/** Forward on Azure: the Storage queue of one peer, a message at a time, and many at the same time. */
import { app } from '@azure/functions'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import { forward } from '../../shared/replicate/forward.ts'
import type { Forwarded } from '../../shared/replicate/forwarded.ts'
import { gathered } from '../common/gathered.ts'
import { logFailure } from '../common/log.ts'
import { logFailures } from './failure-log.ts'
import { readMessage } from './forward-message.ts'
import { retryDelayFrom, sendAgain } from './forward-queue.ts'
import { forwardPorts, forwardQueue, here, peerId, storageSetting } from './site.ts'

const name = `forward-${peerId()}`
const retryDelayMs = retryDelayFrom(process.env)

/** What is in a message, and in those that an instance is given side by side (see host.json), travels together. */
const forwardOne = gathered(async (texts: readonly string[]) => forward(texts, await forwardPorts()), batchChangesMax)

logFailures(here().site)

app.storageQueue(name, {
  connection: storageSetting,
  queueName: forwardName(peerId()),
  handler: async entry => {
    const message = readMessage(entry)
    const forwarded = await Promise.allSettled(message.events.map(forwardOne))
    const waiting = message.events.filter((_, index) => {
      const reason = failureOf(forwarded[index])
      if (reason !== undefined) logFailure({ site: here().site, function: name, error: reason })
      return reason !== undefined
    })
    if (waiting.length > 0) await sendAgain(forwardQueue(), { ...message, events: waiting }, retryDelayMs)
  },
})

/** Undefined: it is done. */
function failureOf(settled: PromiseSettledResult<Forwarded> | undefined): unknown {
  if (settled?.status !== 'fulfilled') return settled?.reason ?? new Error('no result')
  return settled.value.outcome === 'done' ? undefined : new Error(settled.value.reason)
}
