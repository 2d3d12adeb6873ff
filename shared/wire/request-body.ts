/** A batch of change events as the body of a request: a CloudEvents JSON batch, compressed with brotli. */

import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'
import { expandedBytesMax } from './limits.ts'

export const batchContentType = 'application/cloudevents-batch+json'
export const batchEncoding = 'br'

/** A batch of a hundred changes is a fifth smaller than at quality 1, for some 10 us a change. */
const quality = 5

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** Expands to more than a request may hold. */
export class BodyTooLarge extends Error {
  constructor() {
    super(`the body expands to more than ${expandedBytesMax} bytes`)
    this.name = 'BodyTooLarge'
  }
}

/** Not what its headers say. */
export class BodyMalformed extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'BodyMalformed'
  }
}

export function encodeBody(events: readonly string[]): Promise<Buffer> {
  const text = Buffer.from(`[${events.join(',')}]`)
  return compress(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_SIZE_HINT]: text.length },
  })
}

/** The parsed events, unchecked. Rejects with `BodyTooLarge` or `BodyMalformed`. */
export async function decodeBody(body: Uint8Array, encoding: string | undefined): Promise<readonly unknown[]> {
  const text = await expand(body, encoding)
  let events: unknown
  try {
    events = JSON.parse(text.toString())
  } catch {
    throw new BodyMalformed('the body is no JSON')
  }
  if (!Array.isArray(events)) throw new BodyMalformed('the body is no batch of events')
  return events
}

async function expand(body: Uint8Array, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return Buffer.from(body)
  if (encoding !== batchEncoding)
    throw new BodyMalformed(`content-encoding ${encoding}; this site reads ${batchEncoding}`)
  try {
    return await decompress(body, { maxOutputLength: expandedBytesMax })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge()
    throw new BodyMalformed(`the body is no ${batchEncoding}`)
  }
}
