/** Where the lines of a bundle go: through its log hooks to the worker's output, which the host reads line by line. */
import { functionRegistry } from './function-registry.ts'

export interface LogEntry {
  readonly level: string
  /** `user` for `context.log`, `system` for what the library says. */
  readonly category: string
  readonly message: string
  readonly invocationContext?: unknown
}

/** The library's own chatter below a warning is not shown, as in the cloud's default settings. */
const shownSystemLevels = ['warning', 'error', 'critical']

export function writeLog(entry: LogEntry): void {
  // A hook may rewrite the line, and a log hook cannot be asynchronous.
  const context = { ...entry, hookData: {} }
  for (const hook of functionRegistry.hooks.log) hook(context)
  const { level, category, message } = context
  if (category === 'user' || shownSystemLevels.includes(level)) process.stdout.write(`${level}: ${message}\n`)
}
