/** What the process that merges tells its parent. */
import type { RoundFigures } from './measure.ts'
import type { Verdict } from './scenarios.ts'

export interface WorkloadFigures {
  readonly workload: string
  /** For each system its rounds; the first is Tributary. */
  readonly systems: readonly { readonly name: string; readonly rounds: readonly RoundFigures[] }[]
}

export interface ScenarioVerdict {
  readonly scenario: string
  readonly system: string
  readonly verdict: Verdict
}

export type MergeMessage =
  | { readonly kind: 'progress'; readonly text: string }
  | {
      readonly kind: 'measured'
      readonly workloads: readonly WorkloadFigures[]
      readonly verdicts: readonly ScenarioVerdict[]
    }
