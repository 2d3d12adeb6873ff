/**
 * What a site must be told about a peer: variables, because an address is only known once the peer is deployed. Until
 * then the default stands, a name that never resolves: changes wait, as for any peer that is away. The public key comes
 * from the pair that was made for the peer, so it is known beforehand and has no default.
 */
import type { Construct } from 'constructs'
import { createVariable, snakeCase } from './variable.ts'

export interface PeerVariables {
  readonly site: string
  /** All three are references. */
  readonly url: string
  readonly keyX: string
  readonly keyY: string
}

/** A coordinate of a P-256 point in a JWK: 32 bytes in Base64url. */
const coordinate = '^[A-Za-z0-9_-]{43}$'

export function createPeerVariables(scope: Construct, site: string): PeerVariables {
  const name = `peer_${snakeCase(site)}`
  return {
    site,
    url: createVariable(scope, `${name}_url`, {
      description: `Ingest address of ${site}`,
      default: `https://${site}.invalid/`,
      // Neither a quote nor a backslash: the address goes into JSON.
      pattern: '^https://[^\\s"\\\\]+$',
    }),
    keyX: createVariable(scope, `${name}_key_x`, {
      description: `Public key of ${site}: x of its JWK`,
      pattern: coordinate,
    }),
    keyY: createVariable(scope, `${name}_key_y`, {
      description: `Public key of ${site}: y of its JWK`,
      pattern: coordinate,
    }),
  }
}

/** TRIBUTARY_PEERS: every peer's address and public key, by site. */
export function peersText(peers: readonly PeerVariables[]): string {
  const addresses = peers.map(({ site, url, keyX, keyY }) => {
    return [site, { url, key: { kty: 'EC', crv: 'P-256', x: keyX, y: keyY } }]
  })
  return JSON.stringify(Object.fromEntries(addresses))
}
