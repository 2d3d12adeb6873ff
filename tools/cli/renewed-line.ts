/**
 * How far something is, on the standard error: a line that renews itself on a terminal, one every few seconds where the
 * output goes into a file or a log.
 */
export interface LineOutput {
  readonly isTTY?: boolean
  write(text: string): unknown
}

const renewEveryMs = 200
const lineEveryMs = 5000

export class RenewedLine {
  readonly #out: LineOutput
  #shownMs: number
  #isShown = false

  /** `isAtOnce`: the first one is shown, too, and not only what comes a while later. */
  constructor(out: LineOutput, { isAtOnce }: { readonly isAtOnce: boolean }) {
    this.#out = out
    this.#shownMs = isAtOnce ? Number.NEGATIVE_INFINITY : performance.now()
  }

  /** `text` is asked for only where it is shown. */
  show(text: () => string): void {
    const { isTTY = false } = this.#out
    if (performance.now() - this.#shownMs < (isTTY ? renewEveryMs : lineEveryMs)) return
    this.#shownMs = performance.now()
    this.#out.write(isTTY ? `\r\x1b[K${text()}` : `${text()}\n`)
    this.#isShown = isTTY
  }

  /** Takes the line away, so that something else can be written. */
  clear(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K')
    this.#isShown = false
  }
}
