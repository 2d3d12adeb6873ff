/** `2h`, `30d`, `2026-03-14T15:00:00Z`: a moment, as people type it: so long ago, or a date. */
import { InvalidArgumentError } from 'commander'
import { durationMs } from './duration-option.ts'

export function momentMs(text: string): number {
  const atMs = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(atMs)) return atMs
  try {
    return Date.now() - durationMs(text)
  } catch {
    throw new InvalidArgumentError('how long ago, such as 2h or 30d, or a time such as 2026-03-14T15:00:00Z')
  }
}
