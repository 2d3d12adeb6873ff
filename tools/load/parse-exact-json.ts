/**
 * `JSON.parse` that never rounds in silence: an integer beyond 2^53, or more digits than a double keeps apart, is
 * refused by name. A number as programs print doubles (`42.350000000000001`) is fine: at the digits that are written
 * the double says the same.
 */
import Big from 'big.js'
import type { Value } from '../local/official-clients/application-client.ts'

export interface ExactJson {
  readonly value: Value
  /** Why this part of the value would not be stored as it was written; undefined: it would. */
  faultIn(part: Value): string | undefined
}

/** The source text of a value, which `JSON.parse` tells since Node 22 (TC39, JSON.parse source text access). */
interface ParseContext {
  readonly source?: string
}

/** Throws `SyntaxError` where the text is not JSON. */
export function parseExactJson(text: string): ExactJson {
  // By what holds them: a part is looked through for them only if there are any at all.
  const faults = new Map<Value, string>()
  function reviver(this: Value, _name: string, value: Value, context?: ParseContext): Value {
    const fault = typeof value === 'number' ? roundingOf(context?.source ?? '0') : undefined
    if (fault !== undefined) faults.set(this, fault)
    return value
  }
  const value: Value = JSON.parse(text, reviver)
  const faultIn = (part: Value): string | undefined => {
    if (typeof part !== 'object' || part === null || faults.size === 0) return undefined
    return (
      faults.get(part) ??
      Object.values(part)
        .map(faultIn)
        .find(fault => fault !== undefined)
    )
  }
  return { value, faultIn }
}

/** The most digits that `toPrecision` writes; no double needs more to tell it from the next one. */
const digitsMax = 100

/** Why the number of this text cannot be kept in a double; undefined: it can. The text is a JSON number. */
export function roundingOf(text: string): string | undefined {
  const value = Number(text)
  if (String(value) === text) return undefined
  const written = new Big(text)
  const digits = Math.max(1, written.c.length)
  const exact = Number.isFinite(value) && digits <= digitsMax && written.eq(value.toPrecision(digits))
  return exact ? undefined : `the number ${text} would be rounded to ${value}; write it as a string`
}
