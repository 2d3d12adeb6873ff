/** How far a load is (see renewed-line.ts). */
import { duration } from '../cli/output.ts'
import { type LineOutput, RenewedLine } from '../cli/renewed-line.ts'
import type { LoadCounts } from './load-records.ts'

export interface ProgressOptions {
  readonly bytesTotal: number | undefined
  readonly bytesRead: () => number
  readonly out: LineOutput
}

export class ProgressLine {
  readonly #options: ProgressOptions
  readonly #line: RenewedLine
  readonly #startedMs = performance.now()

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#line = new RenewedLine(options.out, { isAtOnce: false })
  }

  /** Seconds since the beginning, and documents a second. */
  rate({ read }: LoadCounts): { readonly seconds: number; readonly perSecond: number } {
    const seconds = (performance.now() - this.#startedMs) / 1000
    return { seconds, perSecond: read / Math.max(seconds, 0.001) }
  }

  show(counts: LoadCounts): void {
    this.#line.show(() => this.#text(counts))
  }

  clear(): void {
    this.#line.clear()
  }

  #text(counts: LoadCounts): string {
    const { seconds, perSecond } = this.rate(counts)
    const { bytesTotal, bytesRead } = this.#options
    const share = bytesTotal ? bytesRead() / bytesTotal : 0
    // A file that is parsed as a whole is read before the first record is written.
    const left = share > 0 && share < 1 ? `, about ${duration((seconds * 1000 * (1 - share)) / share)} left` : ''
    const failed = counts.failed > 0 ? `, ${counts.failed} failed` : ''
    return `${counts.written} written${failed}, ${Math.round(perSecond)}/s${left}`
  }
}
