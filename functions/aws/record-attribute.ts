/** The attribute of the sync table that holds a record: a text, or bytes where its state is compressed. */
import { packRecord, unpackRecord } from '../../shared/replicate/packed-record.ts'

export function recordToAttribute(text: string): { readonly S: string } | { readonly B: Uint8Array } {
  const packed = packRecord(text)
  return typeof packed === 'string' ? { S: packed } : { B: packed }
}

/** As the client reads it (bytes) or as a stream's event carries it (Base64). Undefined: there is none. */
export function attributeToRecord(
  attribute: { readonly S?: string | undefined; readonly B?: Uint8Array | string | undefined } | undefined,
): string | undefined {
  const { S, B } = attribute ?? {}
  if (B === undefined) return S
  return unpackRecord(typeof B === 'string' ? Buffer.from(B, 'base64') : B)
}
