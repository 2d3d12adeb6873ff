/**
 * A peer that has not answered is left alone for a moment by the whole instance. Where many messages are worked off one
 * after the other each would wait for it anew, and together longer than a function may run.
 */
import { type Clock, type Peer, PeerUnavailable } from '../ports/index.ts'

const restMs = 5_000

export function restingPeer(peer: Peer, clock: Clock): Peer {
  let rest: { readonly failure: PeerUnavailable; readonly untilMs: number } | undefined
  return {
    async deliver(events) {
      if (rest && clock.now() < rest.untilMs) throw rest.failure
      try {
        return await peer.deliver(events)
      } catch (error) {
        if (error instanceof PeerUnavailable) rest = { failure: error, untilMs: clock.now() + restMs }
        throw error
      }
    },
  }
}
