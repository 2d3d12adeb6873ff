import { hash } from 'node:crypto'

/** One item of a data type, at whatever site: named by type and key. */
export type RecordKey = readonly string[]

export interface RecordRef {
  readonly type: string
  /** The values of the declared key fields, in their order. */
  readonly key: RecordKey
}

/** Between the parts of a key: a character that Firestore and Cosmos accept in an id, rare in keys. */
const partSeparator = '|'

/** A key as one text: parts escaped, so that no two keys share a text and every store accepts it as an id. */
export function keyText(key: RecordKey): string {
  const text = key.map(escapePart).join(partSeparator)
  // Firestore takes neither the names of folders nor what looks like its own.
  return /^(\.{1,2}|__.*__)$/s.test(text) ? `%${text.charCodeAt(0).toString(16)}${text.slice(1)}` : text
}

export function keyFromText(text: string): RecordKey {
  return text.split(partSeparator).map(decodeURIComponent)
}

/** `type#key`, unique at a site. */
export function recordName({ type, key }: RecordRef): string {
  return `${type}#${keyText(key)}`
}

export function refFromName(name: string): RecordRef {
  const end = name.indexOf('#')
  if (end < 0) throw new Error(`'${name}' is not the name of a record: type#key`)
  return { type: name.slice(0, end), key: keyFromText(name.slice(end + 1)) }
}

export interface StoredName {
  readonly name: string
  /** The record's own name, where it is longer than the store allows. */
  readonly whole?: string
}

/** A record's name as the key of a sync record: one too long for the store is a hash, and kept whole beside it. */
export function storedName(ref: RecordRef, bytesMax: number): StoredName {
  const name = recordName(ref)
  if (Buffer.byteLength(name) <= bytesMax) return { name }
  // No key's text holds the second '#'.
  return { name: `${ref.type}##${hash('sha256', name, 'base64url')}`, whole: name }
}

const needsEscape = /[%|#/\\?\p{Cc}]/u

/** Only what would end or hide a part in some store: most keys stay as the application wrote them. */
function escapePart(part: string): string {
  return needsEscape.test(part) ? part.replaceAll(/[%|#/\\?\p{Cc}]/gu, encodeURIComponent) : part
}
