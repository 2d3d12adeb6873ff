/** One JSON object a line. A line that is wrong is reported and the next one is read; empty lines are passed over. */
import { CommandFailed } from '../cli/clouds.ts'
import { parseExactJson } from './parse-exact-json.ts'
import type { TextSource } from './read-text.ts'
import { type Placed, recordOf, type SourceRecord } from './source-record.ts'

/** Characters of one record. No store takes a document of a fifth of this; it bounds what a wrong file can cost. */
export const recordCharactersMax = 16 * 1024 * 1024

export async function* readNdjson({ name, text }: TextSource): AsyncGenerator<SourceRecord> {
  let line = 0
  let number = 0
  for await (const content of linesOf(text, name)) {
    line++
    if (content.trim() === '') continue
    number++
    yield readLine({ place: `${name}:${line}`, number }, content)
  }
}

async function* linesOf(pieces: AsyncIterable<string>, name: string): AsyncGenerator<string> {
  let rest = ''
  let line = 1
  for await (const piece of pieces) {
    const lines = piece.split('\n')
    lines[0] = rest + (lines[0] ?? '')
    rest = lines.pop() ?? ''
    yield* lines
    line += lines.length
    if (rest.length > recordCharactersMax) {
      throw new CommandFailed(
        `${name}:${line} is longer than ${recordCharactersMax / 1024 ** 2} MB; NDJSON is one object a line, a whole JSON text takes --format json`,
      )
    }
  }
  yield rest
}

function readLine(placed: Placed, content: string): SourceRecord {
  try {
    return recordOf(placed, parseExactJson(content))
  } catch (error) {
    return { ...placed, reason: error instanceof Error ? error.message : String(error) }
  }
}
