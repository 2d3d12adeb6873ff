/**
 * The portable document model: what a document may hold so that every store can hold it too.
 * What JSON has no value for is tagged (see tagged.ts).
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

/** A document as an application wrote it, without its key fields: those are known from the record's key. */
export type Document = { readonly [name: string]: Json }

export function isJsonObject(value: Json | undefined): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Gives an object a field of any name: assigning to `__proto__` would change the object's prototype instead. Objects
 * keep the usual prototype because those without one are slow to read and to write as JSON; so ask `Object.hasOwn`
 * before reading a name that came from outside.
 */
export function setField<Value>(object: Record<string, Value>, name: string, value: Value): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Equal as values: the order of an object's fields does not count, 0 equals -0 (no store tells them apart). */
export function jsonEquals(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!jsonEquals(a[i], b[i])) return false
    return true
  }
  if (Array.isArray(b) || !isJsonObject(a) || !isJsonObject(b)) return false
  let left = Object.keys(b).length
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !jsonEquals(a[name], b[name])) return false
    left -= 1
  }
  return left === 0
}
