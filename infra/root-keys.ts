/**
 * A site's root keys, as its declaration names them: usually one; two while one takes the other's place. The site's own
 * stack makes every one of them in its KMS; peers are told the public half of those that have one.
 */
import type { SitePlan } from '../shared/declare/sync-plan.ts'

/** Of a declaration that names none: the first deployment. */
const firstKey = 'first'

export function rootKeyNames({ rootKeys }: SitePlan): readonly string[] {
  return rootKeys ? Object.keys(rootKeys) : [firstKey]
}

/** The name of the one that certifies the sessions of the site's functions. */
export function signingKeyName(site: SitePlan): string {
  return site.signsWith ?? rootKeyNames(site)[0] ?? firstKey
}

export interface PublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
}

const coordinateBytes = 32

export function publicKeysOf({ rootKeys = {} }: SitePlan): readonly PublicJwk[] {
  return Object.values(rootKeys)
    .filter(key => key !== 'pending')
    .map(key => {
      // SubjectPublicKeyInfo of P-256 ends with the point: x and y.
      const point = Buffer.from(key, 'base64').subarray(-2 * coordinateBytes)
      const [x, y] = [point.subarray(0, coordinateBytes), point.subarray(coordinateBytes)]
      return { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') }
    })
}
