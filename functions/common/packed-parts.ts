/** Text that is too large for an item of a store: compressed, and cut into as many parts as it takes. */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants } from 'node:zlib'

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** The best compression takes seconds for a megabyte; this one milliseconds, for a tenth more bytes. */
const quality = 5
/** A text that holds a document of a megabyte several times is compressed as if it held it once. */
const largestWindow = constants.BROTLI_MAX_WINDOW_BITS

export function pack(text: string): Promise<Buffer> {
  return compress(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: quality, [constants.BROTLI_PARAM_LGWIN]: largestWindow },
  })
}

/** Parts of at most `partBytesMax` bytes, at least one. */
export async function packParts(text: string, partBytesMax: number): Promise<readonly Uint8Array[]> {
  const packed = await pack(text)
  const count = Math.ceil(packed.length / partBytesMax)
  return Array.from({ length: count }, (_, index) => packed.subarray(index * partBytesMax, (index + 1) * partBytesMax))
}

/** `parts`: all of them, in their order. */
export async function unpackParts(parts: readonly Uint8Array[]): Promise<string> {
  return (await decompress(Buffer.concat(parts))).toString()
}
