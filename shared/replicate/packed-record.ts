/**
 * A sync record where a store holds bytes: its text, with a compressed state as the bytes that it is. As text those are
 * Base64 and a third larger, which DynamoDB charges for and counts towards its 400 KB: the record of a document as large
 * as the store allows would not fit beside it.
 */
const lineEnd = '\n'

/** A state that is not compressed is a JSON list. */
const plainStart = '['

/** A text stays a text if nothing in it is compressed. */
export function packRecord(text: string): string | Uint8Array {
  const start = text.indexOf(lineEnd) + 1
  if (start === text.length || text.startsWith(plainStart, start)) return text
  return Buffer.concat([Buffer.from(text.slice(0, start)), Buffer.from(text.slice(start), 'base64')])
}

export function unpackRecord(packed: string | Uint8Array): string {
  if (typeof packed === 'string') return packed
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const start = bytes.indexOf(lineEnd) + 1
  return bytes.toString('utf8', 0, start) + bytes.toString('base64', start)
}
