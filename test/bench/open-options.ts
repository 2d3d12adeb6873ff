/** What opening a target takes. */
export interface OpenOptions {
  /** Told in words what is being started. */
  readonly onProgress: (text: string) => void
  /** Aborted: what was started so far is ended again, and the opening fails. */
  readonly signal: AbortSignal
}
