/**
 * TRIBUTARY_PEERS: what every function that talks to peers is told of them, the same on every cloud. Both come from the
 * declaration and are known once the peer is deployed. Until then its name resolves nowhere, so that changes wait as for
 * any peer that is away, and nothing that says to come from it is believed.
 */
import type { SitePlan } from '../shared/declare/sync-plan.ts'
import { publicKeysOf } from './root-keys.ts'

export function peerAddresses(peers: readonly SitePlan[]): string {
  const addresses = peers.map(peer => {
    const { id, ingest = `https://${id}.invalid/` } = peer
    return [id, { url: ingest, keys: publicKeysOf(peer) }]
  })
  return JSON.stringify(Object.fromEntries(addresses))
}
