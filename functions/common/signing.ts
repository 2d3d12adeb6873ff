/** Keys and addresses from the environment, as the ports of forward and ingest want them. */
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { createSigner, createVerifier, type Sign, type Verify } from '../../shared/wire/token.ts'
import { EnvironmentInvalid, peersFrom, signingKeyFrom, type Variables } from './environment.ts'
import { postToPeer } from './post-to-peer.ts'
import { systemClock } from './system-clock.ts'

export interface Credentials {
  readonly sign: Sign
  readonly verify: Verify
}

export async function credentialsFrom(variables: Variables): Promise<Credentials> {
  const keys = new Map([...peersFrom(variables)].map(([site, { key }]) => [site, key]))
  return { sign: await createSigner(signingKeyFrom(variables)), verify: await createVerifier(keys) }
}

export async function peerAt(variables: Variables, site: string, peer: string): Promise<Peer & PeerStandings> {
  const address = peersFrom(variables).get(peer)
  if (!address) throw new EnvironmentInvalid('TRIBUTARY_PEERS', `has no address for ${peer}`)
  const credentials = await credentialsFrom(variables)
  return createHttpPeer({ site, peer, url: address.url, clock: systemClock, fetch: postToPeer, ...credentials })
}
