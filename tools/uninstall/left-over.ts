/** Something that Tributary put into the stores of a site and that removing its infrastructure leaves there. */
export interface LeftOver {
  /** Such as `container shop/main`. */
  readonly place: string
  /** In words: `1,234 sync items`. Undefined: nothing of it is there. Rejects with `NotRemoved` where nobody tells. */
  find(): Promise<string | undefined>
  /**
   * Removes all of it and tells how much is gone so far. Called again after it broke off, it goes on with what is left.
   * Rejects with `NotRemoved`.
   */
  remove(onProgress: (removed: number) => void): Promise<void>
}

export interface LeftOverOptions {
  /** The audit, too. */
  readonly withAudit: boolean
}

/** What is to be removed is not ours, or the caller may not remove it. */
export class NotRemoved extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NotRemoved'
  }
}
