/**
 * One JSON text: an array of objects, or an object of objects by name. It is parsed as a whole, so its size has a
 * limit; what is larger is read line by line as NDJSON.
 */
import { CommandFailed } from '../cli/clouds.ts'
import { type ExactJson, parseExactJson } from './parse-exact-json.ts'
import type { TextSource } from './read-text.ts'
import { isItem, recordOf, type SourceRecord } from './source-record.ts'

/** Characters come near V8's longest string (512 M), and the values take several times the text. */
const jsonBytesMax = 256 * 1024 * 1024

export async function* readJson(source: TextSource): AsyncGenerator<SourceRecord> {
  const { name } = source
  const { value: whole, faultIn } = parse(await textOf(source), name)
  if (Array.isArray(whole)) {
    for (const [index, value] of whole.entries())
      yield recordOf({ place: `${name}[${index}]`, number: index + 1 }, { value, faultIn })
    return
  }
  if (!isItem(whole))
    throw new CommandFailed(`${name} holds neither an array of objects nor an object of objects by name`)
  for (const [index, [key, value]] of Object.entries(whole).entries())
    yield recordOf({ place: `${name}[${JSON.stringify(key)}]`, number: index + 1, name: key }, { value, faultIn })
}

async function textOf({ name, bytesTotal, bytesRead, text }: TextSource): Promise<string> {
  const requireSmall = (bytes: number) => {
    if (bytes <= jsonBytesMax) return
    throw new CommandFailed(
      `${name} is larger than ${jsonBytesMax / 1024 ** 2} MB, the limit of one JSON text; NDJSON may be any size: jq -c '.[]'`,
    )
  }
  requireSmall(bytesTotal ?? 0)
  const pieces: string[] = []
  for await (const piece of text) {
    pieces.push(piece)
    requireSmall(bytesRead())
  }
  return pieces.join('')
}

function parse(text: string, name: string): ExactJson {
  try {
    return parseExactJson(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(`${name}: ${why}; if it has one object a line: --format ndjson`)
  }
}
