/** A peer that is away costs an instance one time-out in a while, and not one for each message. */
import { expect, it } from 'vitest'
import { PeerUnavailable } from '../../shared/ports/index.ts'
import { MemoryClock } from '../../shared/ports/memory/memory-clock.ts'
import { restingPeer } from '../../shared/replicate/resting-peer.ts'

it('is asked again after five seconds, and as before once it answers', async () => {
  const clock = new MemoryClock(1_000_000)
  let [asked, isAway] = [0, true]
  const peer = restingPeer(
    {
      deliver: async events => {
        asked++
        if (isAway) throw new PeerUnavailable('azure-eastus', 'no answer')
        return events.map(() => ({ answer: 'applied' as const }))
      },
    },
    clock,
  )
  for (let message = 0; message < 60; message++) await expect(peer.deliver([])).rejects.toThrow('no answer')
  expect(asked).toBe(1)
  clock.nowMs += 5_000
  await expect(peer.deliver([])).rejects.toThrow('no answer')
  expect(asked).toBe(2)
  isAway = false
  clock.nowMs += 5_000
  for (let message = 0; message < 3; message++) expect(await peer.deliver([])).toEqual([])
  expect(asked).toBe(5)
})
