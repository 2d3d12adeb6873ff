/**
 * One text for one value, so that equal documents have equal hashes whatever order a store returns their fields in.
 *
 * JSON with names sorted, except that names which are array indexes come first, in ascending order: JavaScript
 * enumerates them so whatever one does, and thereby a value that is in order already, as the views of merge states
 * are, is written by the engine in one go. (RFC 8785 otherwise: numbers and strings have one form in JavaScript.)
 */
import { hash } from 'node:crypto'
import { type Document, isJsonObject, type Json, setField } from './json.ts'
import { inOrder } from './names.ts'

export function canonicalText(value: Json): string {
  return JSON.stringify(isOrdered(value) ? value : ordered(value))
}

/** A document's hash; of an absent document `absent`. 128 bits of SHA-256: a clash would hide one write in 2^64. */
export function documentHash(document: Document | undefined): string {
  if (document === undefined) return 'absent'
  return hash('sha256', canonicalText(document), 'base64url').slice(0, 22)
}

function isOrdered(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (!isJsonObject(value)) return (value as readonly Json[]).every(isOrdered)
  let previous = ''
  for (const name in value) {
    if (name < previous && !isIndex(previous)) return false
    if (!isOrdered(value[name])) return false
    previous = name
  }
  return true
}

function ordered(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (!isJsonObject(value)) return (value as readonly Json[]).map(ordered)
  const sorted: Record<string, Json> = {}
  for (const name of inOrder(Object.keys(value))) setField(sorted, name, ordered(value[name] ?? null))
  return sorted
}

/** Does JavaScript take this name for an element's position? (An integer from 0 to 2^32 - 2, written the usual way.) */
function isIndex(name: string): boolean {
  const index = Number(name)
  return Number.isInteger(index) && index >= 0 && index < 2 ** 32 - 1 && String(index) === name
}
