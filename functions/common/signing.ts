/** Keys and addresses from the environment, as the ports of forward and ingest want them. */
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { createVerifier, type Sign, type Verify } from '../../shared/wire/token.ts'
import { EnvironmentInvalid, peersFrom, siteFrom, type Variables } from './environment.ts'
import { logFailure } from './log.ts'
import type { RootKey } from './root-key.ts'
import { createSessionSigner } from './session-signer.ts'
import { systemClock } from './system-clock.ts'

/** One for each instance: every signer has a session key of its own, and each has to be certified. */
export function siteSigner(variables: Variables, root: RootKey): Sign {
  const site = siteFrom(variables)
  return createSessionSigner({ root, failed: error => logFailure({ site, function: 'sign', error }) })
}

/** Of this site's peers, by their root keys. */
export function verifierFrom(variables: Variables): Promise<Verify> {
  return createVerifier(new Map([...peersFrom(variables)].map(([site, { keys }]) => [site, keys])))
}

export interface PeerOptions {
  readonly sign: Sign
  readonly timeoutMs?: number
}

export async function peerAt(
  variables: Variables,
  site: string,
  peer: string,
  options: PeerOptions,
): Promise<Peer & PeerStandings> {
  const address = peersFrom(variables).get(peer)
  if (!address) throw new EnvironmentInvalid('TRIBUTARY_PEERS', `has no address for ${peer}`)
  const { url } = address
  return createHttpPeer({ site, peer, url, clock: systemClock, verify: await verifierFrom(variables), ...options })
}

/** Every peer of the site. */
export async function peersAt(
  variables: Variables,
  site: string,
  options: PeerOptions,
): Promise<ReadonlyMap<string, Peer & PeerStandings>> {
  const peers = [...peersFrom(variables).keys()]
  return new Map(
    await Promise.all(peers.map(async peer => [peer, await peerAt(variables, site, peer, options)] as const)),
  )
}
