/** Text that is too large for where it has to go, compressed, and still text. */
import { pack, unpackParts } from '../common/packed-parts.ts'

export async function packText(text: string): Promise<string> {
  return (await pack(text)).toString('base64')
}

export async function unpackText(packed: string): Promise<string> {
  return unpackParts([Buffer.from(packed, 'base64')])
}
