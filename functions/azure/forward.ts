/** Forward on Azure: the Storage queue of one peer, a message at a time, and many at the same time. */
import { app } from '@azure/functions'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { batchChangesMax } from '../../shared/replicate/batches.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { gathered } from '../common/gathered.ts'
import { logFailure } from '../common/log.ts'
import { logFailures } from './failure-log.ts'
import { readMessage } from './forward-message.ts'
import { retryDelayFrom, sendAgain } from './forward-queue.ts'
import { forwardPorts, forwardQueue, here, peerId, storageSetting } from './site.ts'

const name = `forward-${peerId()}`
const retryDelayMs = retryDelayFrom(process.env)

/** Messages that an instance is given side by side (see host.json) travel together. */
const forwardOne = gathered(async (texts: readonly string[]) => forward(texts, await forwardPorts()), batchChangesMax)

logFailures(here().site)

app.storageQueue(name, {
  connection: storageSetting,
  queueName: forwardName(peerId()),
  handler: async entry => {
    const message = readMessage(entry)
    try {
      const forwarded = await forwardOne(message.event)
      if (forwarded.outcome !== 'done') throw new Error(forwarded.reason)
    } catch (error) {
      logFailure({ site: here().site, function: name, error })
      await sendAgain(forwardQueue(), message, retryDelayMs)
    }
  },
})
