/**
 * A file or the standard input as pieces of text, one in memory at a time. Bytes that are not UTF-8 end the reading
 * with an error: Node would put a replacement character in their place, and nobody would know what stood there.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { CommandFailed } from '../cli/clouds.ts'

export interface TextSource {
  /** As errors name it. */
  readonly name: string
  /** Undefined: not known, as of the standard input. */
  readonly bytesTotal: number | undefined
  /** Read so far. */
  bytesRead(): number
  readonly text: AsyncIterable<string>
}

/** `path` is a file, or `-` for the standard input. Reading ends with an `AbortError` when the signal is aborted. */
export async function openText(path: string, signal: AbortSignal): Promise<TextSource> {
  const bytesTotal = path === '-' ? undefined : await sizeOf(path)
  const name = path === '-' ? 'stdin' : path
  let bytesRead = 0

  async function* text(): AsyncGenerator<string> {
    const stream: Readable = addAbortSignal(signal, path === '-' ? process.stdin : createReadStream(path))
    // Fatal: what is not UTF-8 throws. A byte order mark at the beginning is left out.
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const decode = (piece?: Buffer) => {
      try {
        return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true })
      } catch {
        const last = bytesRead + (piece?.length ?? 0)
        throw new CommandFailed(
          `${name} is not UTF-8: a wrong byte between ${bytesRead} and ${last}; if it is Latin-1: iconv -f latin1 -t utf-8`,
        )
      }
    }
    for await (const piece of stream) {
      yield decode(piece)
      bytesRead += piece.length
    }
    yield decode()
  }

  return { name, bytesTotal, bytesRead: () => bytesRead, text: text() }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new CommandFailed(`${path} is a folder; name a file, or - for the standard input`)
    return found.size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new CommandFailed(`no file ${path}; name a file, or - for the standard input`)
    throw error
  }
}
