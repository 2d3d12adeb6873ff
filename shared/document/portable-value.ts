/** Values that code has made: copies of which nothing is shared, and only of what a document can hold in every store. */
import { isJsonObject, type Json, setField } from './json.ts'
import { numberFromDouble } from './portable-number.ts'

/** No store nests values deeper, and a ring has no end. */
const depthMax = 100

export class NotPortable extends Error {
  constructor(found: string, path: string) {
    super(`${found}${path === '' ? '' : ` at ${path}`}, which no document holds`)
    this.name = 'NotPortable'
  }
}

/** Throws `NotPortable`. */
export function portableCopy(value: unknown, path = '', depth = 0): Json {
  if (depth > depthMax) throw new NotPortable(`more than ${depthMax} levels`, '')
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' && numberFromDouble(value) === value) return value
  // `Array.from` makes a hole an element.
  if (Array.isArray(value))
    return Array.from(value, (element: unknown, index) => portableCopy(element, `${path}[${index}]`, depth + 1))
  if (!isPlainObject(value)) throw new NotPortable(nameOf(value), path)
  const object: Record<string, Json> = {}
  for (const [name, field] of Object.entries(value)) {
    setField(object, name, portableCopy(field, path === '' ? name : `${path}.${name}`, depth + 1))
  }
  return object
}

/** The same with its fields in one order, and nobody can change it. */
export function frozenCopy(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (!isJsonObject(value)) return Object.freeze((value as readonly Json[]).map(frozenCopy))
  const object: Record<string, Json> = {}
  for (const name of Object.keys(value).sort()) setField(object, name, frozenCopy(value[name] ?? null))
  return Object.freeze(object)
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function nameOf(value: unknown): string {
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value !== 'object') return value === undefined ? 'undefined' : `a ${typeof value}`
  return 'an object of a class'
}
