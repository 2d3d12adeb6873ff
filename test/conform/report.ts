/** What a run of the suites found. */
export type Outcome =
  | 'passed'
  | 'failed'
  /** A known difference of somebody else's emulator, which this run saw again. */
  | 'differs'
  /** The target gives no way to ask, or the run was interrupted before. */
  | 'not asked'

export interface RowResult {
  readonly name: string
  readonly expected: string
  readonly why: string
  readonly outcome: Outcome
  /** What was seen instead, or why it was not asked. */
  readonly cause?: string
  readonly ms: number
}

export type ServerKind =
  | 'local server of ours'
  | 'official emulator'
  | 'third-party emulator'
  | 'named server'
  | 'cloud'

/** What answered. */
export interface ServerDescription {
  readonly name: string
  /** `1.25.1`; of a cloud the region or project. */
  readonly version: string
  readonly kind: ServerKind
}

export interface SuiteResult {
  readonly service: string
  /** Absent where the service was not run. */
  readonly server?: ServerDescription
  /** `@aws-sdk/client-dynamodb 3.1162.0` */
  readonly clients: readonly string[]
  /** Why none of the rows ran. */
  readonly notRun?: string
  readonly rows: readonly RowResult[]
  /** What could not be removed again: kind, name and cause of each. */
  readonly left: readonly string[]
}

export interface ConformanceReport {
  readonly startedAt: string
  readonly seconds: number
  readonly target: 'local' | 'real'
  readonly node: string
  readonly interrupted: boolean
  readonly suites: readonly SuiteResult[]
}

/** Something failed or stays behind. */
export function isFailed({ suites }: ConformanceReport): boolean {
  return suites.some(({ rows, left }) => left.length > 0 || rows.some(({ outcome }) => outcome === 'failed'))
}
