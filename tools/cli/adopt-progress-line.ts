/**
 * How far an adoption is, on the standard error: a line that renews itself on a terminal, one every few seconds where the
 * output goes into a file or a log.
 */
import type { AdoptProgress } from '../../shared/replicate/adopt-report.ts'

const renewEveryMs = 200
const lineEveryMs = 5000

export class AdoptProgressLine {
  readonly #out: { readonly isTTY?: boolean; write(text: string): unknown }
  readonly #startedMs = performance.now()
  #shownMs = Number.NEGATIVE_INFINITY
  #isShown = false

  constructor(out: { readonly isTTY?: boolean; write(text: string): unknown }) {
    this.#out = out
  }

  seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }

  show(progress: AdoptProgress): void {
    const { isTTY = false } = this.#out
    if (performance.now() - this.#shownMs < (isTTY ? renewEveryMs : lineEveryMs)) return
    this.#shownMs = performance.now()
    this.#out.write(isTTY ? `\r\x1b[K${this.#text(progress)}` : `${this.#text(progress)}\n`)
    this.#isShown = isTTY
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K')
    this.#isShown = false
  }

  /** No store says how many documents it has without reading them all, so there is no time left to tell. */
  #text({ step, site, seen, equal, different, missing, refused, captured }: AdoptProgress): string {
    if (step === 'settling feeds') return 'waiting until every feed has told what was written before'
    if (step === 'capturing') return `capturing what was written meanwhile at ${site}: ${captured}`
    const rate = Math.round(seen / Math.max(this.seconds(), 0.001))
    const others = [
      ...(different > 0 ? [`${different} different`] : []),
      ...(missing > 0 ? [`${missing} missing somewhere`] : []),
      ...(refused > 0 ? [`${refused} refused`] : []),
    ]
    return `comparing what ${site} has: ${seen} seen, ${[`${equal} equal`, ...others].join(', ')}, ${rate}/s`
  }
}
