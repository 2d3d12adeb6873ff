/** Counts what goes wrong in one trigger, and writes it to the log once. */
export class TriggerHealth {
  readonly #onLog: (line: string) => void
  failures = 0
  lastError: string | undefined

  constructor(onLog: (line: string) => void) {
    this.#onLog = onLog
  }

  /** Notes one failure; `doing` says during what: `capture failed`, `reading orders`. */
  note(doing: string, error: unknown): void {
    const message = error instanceof Error ? error.message : describe(error)
    this.failures += 1
    this.lastError = `${doing}: ${message}`
    this.#onLog(this.lastError)
  }
}

/** The errors of a worker arrive as plain objects with a name and a message. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error)
  return 'name' in error ? `${error.name}: ${error.message}` : String(error.message)
}
