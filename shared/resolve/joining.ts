/** What a join is told on its way down (see merge-type.ts). Paths are only put together where something is reported. */
import type { Joining, Knowledge, Path, Report } from './merge-type.ts'

/** Of a cell below another. */
export class JoiningBelow implements Joining {
  readonly a: Knowledge
  readonly b: Knowledge
  readonly report: Report
  readonly #above: Joining
  readonly #name: string

  constructor(above: Joining, name: string, report: Report) {
    this.a = above.a
    this.b = above.b
    this.report = report
    this.#above = above
    this.#name = name
  }

  get path(): Path {
    return [...this.#above.path, this.#name]
  }
}

/** The same with something of it changed. (To spread one would lose its path.) */
export class JoiningAs implements Joining {
  readonly a: Knowledge
  readonly b: Knowledge
  readonly report: Report
  readonly #joining: Joining

  constructor(joining: Joining, { a = joining.a, b = joining.b, report = joining.report }: Partial<Joining>) {
    this.a = a
    this.b = b
    this.report = report
    this.#joining = joining
  }

  get path(): Path {
    return this.#joining.path
  }
}

export function ignore(): void {}
