/**
 * How the fields of an event are checked: each by a function that gives the value or says what is wrong with it. By hand
 * and not by a schema, because every change passes here several times on its way.
 */

/** Not an event of ours: `message` says what is wrong with it. */
export class ChangeMalformed extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'ChangeMalformed'
  }
}

type Fields = Readonly<Record<string, unknown>>

function fail(at: string, expected: string, found: unknown): never {
  const kind = found === null ? 'null' : Array.isArray(found) ? 'array' : typeof found
  throw new ChangeMalformed(`Invalid input: expected ${expected}, received ${kind} at ${at}`)
}

export function fieldsAt(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'object', value)
  return value as Fields
}

export function listAt(value: unknown, at: string, lengthMax = Number.POSITIVE_INFINITY): readonly unknown[] {
  if (!Array.isArray(value)) fail(at, 'array', value)
  if (value.length > lengthMax) fail(at, `at most ${lengthMax} items`, value)
  return value
}

/** Not empty. */
export function textAt(value: unknown, at: string, lengthMax = Number.POSITIVE_INFINITY): string {
  if (typeof value !== 'string' || value === '') fail(at, 'a text that is not empty', value)
  if (value.length > lengthMax) fail(at, `at most ${lengthMax} characters`, value)
  return value
}

/** Whole. */
export function numberAt(value: unknown, at: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
    fail(at, `a whole number from ${minimum} to ${maximum}`, value)
  }
  return value
}

export function numbersAt(value: unknown, at: string, lengthMax: number, minimum = 0): readonly number[] {
  return listAt(value, at, lengthMax).map(item => numberAt(item, at, minimum))
}

export function keyAt(value: unknown, at: string): readonly string[] {
  const parts = listAt(value, at)
  if (parts.length === 0) fail(at, 'at least one part', value)
  return parts.map(part => textAt(part, at))
}
