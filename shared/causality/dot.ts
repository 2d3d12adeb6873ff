/**
 * Which write was it? A dot names one captured write of one record: the site that captured it and that site's
 * counter for this record (Preguica et al., "Dotted Version Vectors", 2010).
 */
export type SiteId = string

export type Dot = readonly [site: SiteId, counter: number]

/** A dot, or something that begins with one. */
export type Dotted = readonly [site: SiteId, counter: number, ...rest: readonly unknown[]]

export function sameDot(a: Dotted, b: Dotted): boolean {
  return a[0] === b[0] && a[1] === b[1]
}

/** A total order without meaning, so that equal sets of dots are written alike at every site. */
export function compareDots(a: Dotted, b: Dotted): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]
}
