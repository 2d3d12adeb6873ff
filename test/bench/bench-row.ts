/**
 * One part of the benchmark that is a table of its own: what it is called on the command line, and how it is measured.
 */
import type { OpenOptions } from './open-options.ts'

/** What was measured: figures by their names with units. A name's figures stand in one column. */
export interface FigureTable {
  readonly title: string
  readonly rows: readonly Readonly<Record<string, string | number>>[]
  /** How the figures came about, and what they do not say. */
  readonly notes: readonly string[]
}

export interface BenchRow {
  /** For `--only`. */
  readonly name: string
  /** One line of the help. */
  readonly about: string
  /** Rejects when the signal is aborted, and leaves nothing running then either. */
  measure(options: OpenOptions): Promise<readonly FigureTable[]>
}
