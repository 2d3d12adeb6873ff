/** What preflight found out about one thing at a site. */

/** `unknown`: it could not be asked, because a permission is missing or what would answer is not here. */
export const outcomes = ['ok', 'warning', 'refused', 'unknown'] as const
export type Outcome = (typeof outcomes)[number]

export interface Finding {
  readonly site: string
  /** Such as `table carts`, `account`. */
  readonly place: string
  /** What was looked at there: `key`, `stream`. */
  readonly check: string
  readonly outcome: Outcome
  /** What is there. */
  readonly found: string
  /** What to do about it, if anything. */
  readonly remedy?: string
}

/** A finding before it is said at which site. */
export type SiteFinding = Omit<Finding, 'site'>

/** Of one place. */
export interface Findings {
  ok(check: string, found: string): SiteFinding
  warning(check: string, found: string, remedy: string): SiteFinding
  refused(check: string, found: string, remedy: string): SiteFinding
  unknown(check: string, found: string): SiteFinding
}

export function findingsAt(place: string): Findings {
  return {
    ok: (check, found) => ({ place, check, outcome: 'ok', found }),
    warning: (check, found, remedy) => ({ place, check, outcome: 'warning', found, remedy }),
    refused: (check, found, remedy) => ({ place, check, outcome: 'refused', found, remedy }),
    unknown: (check, found) => ({ place, check, outcome: 'unknown', found }),
  }
}
