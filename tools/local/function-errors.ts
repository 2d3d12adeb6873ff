/** The last failure that each function of a site reported in its log. */
import { z } from 'zod'

const failureLine = z.object({
  level: z.literal('error'),
  function: z.string(),
  error: z.string(),
  message: z.string(),
})

export class FunctionErrors {
  readonly #last = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** Takes every line of every function; those that are no failures pass. */
  note(functionName: string, line: string): void {
    const message = messageIn(line)
    if (message === undefined) return
    this.#last.set(functionName, message)
    this.#counts.set(functionName, this.count(functionName) + 1)
  }

  last(functionName: string): string | undefined {
    return this.#last.get(functionName)
  }

  count(functionName: string): number {
    return this.#counts.get(functionName) ?? 0
  }
}

function messageIn(line: string): string | undefined {
  // Some runtimes put a time or a level before the line.
  const start = line.indexOf('{')
  if (start < 0) return undefined
  try {
    const parsed = failureLine.safeParse(JSON.parse(line.slice(start)))
    return parsed.success ? `${parsed.data.error}: ${parsed.data.message}` : undefined
  } catch {
    return undefined
  }
}
