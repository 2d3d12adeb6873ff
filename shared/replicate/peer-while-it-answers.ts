/** A peer that did not answer once is not asked again in this run: each time would cost a timeout. */
import { type Peer, PeerUnavailable } from '../ports/index.ts'

export function askedWhileItAnswers(peer: Peer): Peer {
  let failure: PeerUnavailable | undefined
  return {
    async deliver(events) {
      if (failure) throw failure
      try {
        return await peer.deliver(events)
      } catch (error) {
        if (error instanceof PeerUnavailable) failure = error
        throw error
      }
    },
  }
}
