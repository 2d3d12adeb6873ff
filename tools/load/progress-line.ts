/**
 * How far a load is, on the standard error: a line that renews itself on a terminal, one every few seconds where the
 * output goes into a file or a log.
 */
import { duration } from '../cli/output.ts'
import type { LoadCounts } from './load-records.ts'

export interface ProgressOptions {
  readonly bytesTotal: number | undefined
  readonly bytesRead: () => number
  readonly out: { readonly isTTY?: boolean; write(text: string): unknown }
}

const renewEveryMs = 200
const lineEveryMs = 5000

export class ProgressLine {
  readonly #options: ProgressOptions
  readonly #startedMs = performance.now()
  #shownMs = performance.now()
  #isShown = false

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** Seconds since the beginning, and documents a second. */
  rate({ read }: LoadCounts): { readonly seconds: number; readonly perSecond: number } {
    const seconds = (performance.now() - this.#startedMs) / 1000
    return { seconds, perSecond: read / Math.max(seconds, 0.001) }
  }

  show(counts: LoadCounts): void {
    const { isTTY = false } = this.#options.out
    if (performance.now() - this.#shownMs < (isTTY ? renewEveryMs : lineEveryMs)) return
    this.#shownMs = performance.now()
    this.#options.out.write(isTTY ? `\r\x1b[K${this.#text(counts)}` : `${this.#text(counts)}\n`)
    this.#isShown = isTTY
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#isShown) this.#options.out.write('\r\x1b[K')
    this.#isShown = false
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
