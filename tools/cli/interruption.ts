/** How a command that takes long is ended: by Ctrl-C, by whoever ends processes in the ordinary way, or with its terminal. */
const exitCodes = { SIGINT: 130, SIGHUP: 129, SIGTERM: 143 } as const

export interface Interruption {
  /** Aborted by the first of them. The second one of a kind ends the process at once, as if nobody listened. */
  readonly signal: AbortSignal
  /** As a shell tells that a process was ended by it. */
  readonly exitCode: number
}

export function listenForInterruption(): Interruption {
  const interrupted = new AbortController()
  let exitCode: number = exitCodes.SIGINT
  for (const name of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    process.once(name, () => {
      if (!interrupted.signal.aborted) exitCode = exitCodes[name]
      interrupted.abort()
    })
  }
  return {
    signal: interrupted.signal,
    get exitCode() {
      return exitCode
    },
  }
}
