/** How far an adoption is (see renewed-line.ts). */
import type { AdoptProgress } from '../../shared/replicate/adopt-report.ts'
import { type LineOutput, RenewedLine } from './renewed-line.ts'

export class AdoptProgressLine {
  readonly #line: RenewedLine
  readonly #startedMs = performance.now()

  constructor(out: LineOutput) {
    this.#line = new RenewedLine(out, { isAtOnce: true })
  }

  seconds(): number {
    return (performance.now() - this.#startedMs) / 1000
  }

  show(progress: AdoptProgress): void {
    this.#line.show(() => this.#text(progress))
  }

  clear(): void {
    this.#line.clear()
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
