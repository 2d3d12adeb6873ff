import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PollDelay } from '../../tools/local/azure/poll-delay.ts'
import { triggerPaces } from '../../tools/local/azure/trigger-pace.ts'
import { Doorbell } from '../../tools/local/runtime/doorbell.ts'

const never = new AbortController().signal
const longMs = 60_000

test('a ring ends a wait, so that what was written is found at once', async () => {
  const doorbell = new Doorbell()
  const waiting = doorbell.waitBeyond(doorbell.rings, longMs, never)
  doorbell.ring()
  await waiting
})

test('a ring during the look before is not missed', async () => {
  const doorbell = new Doorbell()
  const seen = doorbell.rings
  doorbell.ring()
  await doorbell.waitBeyond(seen, longMs, never)
})

test('without a ring the wait ends by itself, so that what nobody told of is found too', async () => {
  const doorbell = new Doorbell()
  await doorbell.waitBeyond(doorbell.rings, 5, never)
})

test('whoever stops waits no longer', async () => {
  const stopping = new AbortController()
  const waiting = new Doorbell().waitBeyond(0, longMs, stopping.signal)
  stopping.abort()
  await waiting
})

test('a poller that found something waits long for the next ring, and looks again soon after one that brought nothing', async () => {
  const doorbell = new Doorbell()
  const pace = { ...triggerPaces.fast, pollDelayMs: 1, rungPollDelayMsMax: longMs }
  const delay = new PollDelay(pace, { doorbell })
  delay.look()
  delay.foundSomething()
  const waited = delay.wait(never).then(() => 'over')
  expect(await Promise.race([waited, sleep(50, 'waits')])).toBe('waits')
  doorbell.ring()
  expect(await waited).toBe('over')
  delay.look()
  await delay.wait(never)
})
