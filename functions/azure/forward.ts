/** Forward on Azure: the Storage queue of one peer, a message at a time. */
import { app } from '@azure/functions'
import { forwardName } from '../../shared/declare/resource-names.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { logFailure } from '../common/log.ts'
import { logFailures } from './failure-log.ts'
import { eventText, type ForwardMessage, readMessage } from './forward-message.ts'
import { retryDelayFrom, sendAgain } from './forward-queue.ts'
import { forwardPorts, forwardQueue, here, peerId, storageSetting } from './site.ts'

const name = `forward-${peerId()}`
const retryDelayMs = retryDelayFrom(process.env)

logFailures(here().site)

app.storageQueue(name, {
  connection: storageSetting,
  queueName: forwardName(peerId()),
  handler: async entry => {
    const message = readMessage(entry)
    try {
      await forwardOnce(message)
    } catch (error) {
      logFailure({ site: here().site, function: name, error })
      await sendAgain(forwardQueue(), message, retryDelayMs)
    }
  },
})

async function forwardOnce(message: ForwardMessage): Promise<void> {
  const ports = await forwardPorts()
  const text = await eventText(message, ports.here, ports.store)
  const [forwarded] = text === undefined ? [] : await forward([text], ports)
  if (forwarded?.outcome === 'again') throw new Error(forwarded.reason)
}
