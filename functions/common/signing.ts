/** Keys and addresses from the environment, as the ports of forward and ingest want them. */
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { createSigner, createVerifier, type Sign, type Verify } from '../../shared/wire/token.ts'
import { EnvironmentInvalid, peersFrom, signingKeyFrom, type Variables } from './environment.ts'
import { systemClock } from './system-clock.ts'

export interface Credentials {
  readonly sign: Sign
  readonly verify: Verify
}

export async function credentialsFrom(variables: Variables): Promise<Credentials> {
  const keys = new Map([...peersFrom(variables)].map(([site, { key }]) => [site, key]))
  return { sign: await createSigner(signingKeyFrom(variables)), verify: await createVerifier(keys) }
}

export async function peerAt(
  variables: Variables,
  site: string,
  peer: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<Peer & PeerStandings> {
  const address = peersFrom(variables).get(peer)
  if (!address) throw new EnvironmentInvalid('TRIBUTARY_PEERS', `has no address for ${peer}`)
  const credentials = await credentialsFrom(variables)
  const { url } = address
  return createHttpPeer({ site, peer, url, clock: systemClock, ...credentials, ...options })
}

/** Every peer of the site. */
export async function peersAt(variables: Variables, site: string): Promise<ReadonlyMap<string, Peer & PeerStandings>> {
  const peers = [...peersFrom(variables).keys()]
  return new Map(await Promise.all(peers.map(async peer => [peer, await peerAt(variables, site, peer)] as const)))
}
