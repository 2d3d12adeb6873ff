/**
 * The database's only clock: strictly increasing microseconds, so that no two commits share an `updateTime` and a
 * read at one time separates the commits before from those after it. The machine's clock may stand still or step
 * back; this one then goes on by single microseconds.
 */
export class StoreClock {
  #last = 0n

  /** A time in microseconds since 1970, greater than all that this clock gave before. */
  tick(): bigint {
    const now = BigInt(Date.now()) * 1000n
    this.#last = now > this.#last ? now : this.#last + 1n
    return this.#last
  }
}
