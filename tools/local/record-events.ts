/** Writes the first event that each function gets to a file: how `events/` came about. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type EventListener = (functionName: string, event: unknown) => void

/** Sites report every event they deliver here. */
const listeners = new Set<EventListener>()

export function reportEvent(functionName: string, event: unknown): void {
  for (const listener of listeners) listener(functionName, event)
}

export function startRecording(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const seen = new Set<string>()
  listeners.add((name, event) => {
    if (seen.has(name)) return
    seen.add(name)
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(event, null, 2)}\n`)
  })
}
