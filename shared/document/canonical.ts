/**
 * One text for one value: names sorted, so that equal documents have equal hashes whatever order a store returns
 * their fields in (RFC 8785 in spirit; JavaScript already writes numbers and strings the one way it asks for).
 */
import { hash } from 'node:crypto'
import { type Document, isJsonObject, type Json } from './json.ts'

export function canonicalText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (!isJsonObject(value)) return `[${(value as readonly Json[]).map(canonicalText).join(',')}]`
  const names = Object.keys(value).sort()
  let text = '{'
  for (const name of names) {
    if (text.length > 1) text += ','
    text += `${JSON.stringify(name)}:${canonicalText(value[name] ?? null)}`
  }
  return `${text}}`
}

/** A document's hash; of an absent document `absent`. 128 bits of SHA-256: a clash would hide one write in 2^64. */
export function documentHash(document: Document | undefined): string {
  if (document === undefined) return 'absent'
  return hash('sha256', canonicalText(document), 'base64url').slice(0, 22)
}
