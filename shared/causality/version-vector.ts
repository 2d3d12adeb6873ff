/**
 * What has a site seen of a record? Per origin the highest counter below which nothing is missing
 * (Parker et al., 1983). Vectors alone tell concurrency; stamps only choose between what is concurrent.
 */
import type { Dot, Dotted, SiteId } from './dot.ts'

export type VersionVector = { readonly [site: SiteId]: number }

export const emptyVector: VersionVector = Object.freeze({})

export function counterOf(vector: VersionVector, site: SiteId): number {
  return Object.hasOwn(vector, site) ? (vector[site] ?? 0) : 0
}

export function covers(vector: VersionVector, dot: Dotted): boolean {
  return counterOf(vector, dot[0]) >= dot[1]
}

/** Everything that `small` has seen, `large` has seen too. */
export function includes(large: VersionVector, small: VersionVector): boolean {
  for (const site in small) if (counterOf(small, site) > counterOf(large, site)) return false
  return true
}

export type Causality = 'before' | 'after' | 'equal' | 'concurrent'

export function compare(a: VersionVector, b: VersionVector): Causality {
  const aIncluded = includes(b, a)
  const bIncluded = includes(a, b)
  if (aIncluded && bIncluded) return 'equal'
  if (aIncluded) return 'before'
  return bIncluded ? 'after' : 'concurrent'
}

export function joinVectors(a: VersionVector, b: VersionVector): VersionVector {
  const joined: Record<SiteId, number> = { ...a }
  for (const site in b) joined[site] = Math.max(counterOf(a, site), counterOf(b, site))
  return joined
}

export function advance(vector: VersionVector, [site, counter]: Dot): VersionVector {
  return { ...vector, [site]: counter }
}
