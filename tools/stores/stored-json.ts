/** Dead letters as the functions stored them: our own JSON, read back for the command line. */
import { z } from 'zod'
import { type DeadLetter, unreadableMessage } from '../../shared/replicate/dead-letter.ts'

const deadLetter = z.custom<DeadLetter>(hasField('kind'))

function hasField(name: string) {
  return (value: unknown) => typeof value === 'object' && value !== null && name in value
}

/** What cannot be read, such as a part of a letter whose others somebody else has taken, is a letter that says so. */
export function readDeadLetter(text: string, site: string): DeadLetter {
  try {
    return deadLetter.parse(JSON.parse(text))
  } catch (error) {
    const reason = `could not be read: ${error instanceof Error ? error.message : String(error)}`
    return unreadableMessage({ site, reason, atMs: Date.now(), text })
  }
}
