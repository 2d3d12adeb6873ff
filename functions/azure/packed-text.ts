/** Text that is too large for where it has to go, compressed, and still text. */
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress } from 'node:zlib'

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

export async function packText(text: string): Promise<string> {
  return (await compress(text)).toString('base64')
}

export async function unpackText(packed: string): Promise<string> {
  return (await decompress(Buffer.from(packed, 'base64'))).toString()
}
