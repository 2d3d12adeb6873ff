/** Dead letters as the functions stored them: our own JSON, read back for the command line. */
import { z } from 'zod'
import type { DeadLetter } from '../../shared/replicate/dead-letter.ts'

const deadLetter = z.custom<DeadLetter>(hasField('kind'))

function hasField(name: string) {
  return (value: unknown) => typeof value === 'object' && value !== null && name in value
}

export function readDeadLetter(text: string): DeadLetter {
  return deadLetter.parse(JSON.parse(text))
}
