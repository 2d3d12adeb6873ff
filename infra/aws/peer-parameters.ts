/**
 * What a site must be told about a peer: parameters of the stack, because an address is only known once the peer is
 * deployed. Until then the default stands, a name that never resolves: changes wait, as for any peer that is away.
 * The public key comes from the pair that was made for the peer, so it is known beforehand and has no default.
 */
import { Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { createParameter, pascalCase } from './parameter.ts'

export interface PeerParameters {
  readonly site: string
  /** All three hold references, which resolve when the stack is deployed. */
  readonly url: string
  readonly keyX: string
  readonly keyY: string
}

/** A coordinate of a P-256 point in a JWK: 32 bytes in Base64url. */
const coordinate = '^[A-Za-z0-9_-]{43}$'

export function createPeerParameters(scope: Construct, site: string): PeerParameters {
  const name = `Peer${pascalCase(site)}`
  return {
    site,
    url: createParameter(scope, `${name}Url`, {
      description: `Ingest address of ${site}`,
      default: `https://${site}.invalid/`,
      // Neither a quote nor a backslash: the address goes into JSON.
      allowedPattern: '^https://[^\\s"\\\\]+$',
    }),
    keyX: createParameter(scope, `${name}KeyX`, {
      description: `Public key of ${site}: x of its JWK`,
      allowedPattern: coordinate,
    }),
    keyY: createParameter(scope, `${name}KeyY`, {
      description: `Public key of ${site}: y of its JWK`,
      allowedPattern: coordinate,
    }),
  }
}

/** TRIBUTARY_PEERS: every peer's address and public key, by site. */
export function peersText(scope: Construct, peers: readonly PeerParameters[]): string {
  const addresses = peers.map(({ site, url, keyX, keyY }) => {
    return [site, { url, key: { kty: 'EC', crv: 'P-256', x: keyX, y: keyY } }]
  })
  return Stack.of(scope).toJsonString(Object.fromEntries(addresses))
}
