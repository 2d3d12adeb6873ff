/** How a behaviour says what it saw instead, in one line that fits a table. */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect, isDeepStrictEqual } from 'node:util'

const seenCharactersMax = 160
const pollMs = 50

export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) throw new Error(`${what}: ${seen(actual)} instead of ${seen(expected)}`)
}

export function holds(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise)
}

/** The value, where the service must have given one. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === undefined || value === null) throw new Error(`${what} is missing`)
  return value
}

/** How a client's error names its kind: `name` (AWS, Azure Storage: `code`), a gRPC status or an HTTP status (`code`). */
export type Refusal = string | number

/** The error of a call that must be refused for one of these reasons. */
export async function refused(call: Promise<unknown>, reasons: Refusal | readonly Refusal[]): Promise<Error> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(inspect(thrown))),
  )
  const wanted = [reasons].flat()
  if (error === undefined) throw new Error(`accepted, not refused with ${wanted.join(' or ')}`)
  if (!reasonsIn(error).some(reason => wanted.includes(reason))) {
    throw new Error(`refused with ${reasonsIn(error).join('/')} (${error.message}), not with ${wanted.join(' or ')}`)
  }
  return error
}

function reasonsIn(error: Error): readonly Refusal[] {
  const fields: Readonly<Record<string, unknown>> = { ...error, name: error.name }
  return [fields.name, fields.code, fields.statusCode].filter(
    reason => typeof reason === 'string' || typeof reason === 'number',
  )
}

/** Asks again until it is so; after `timeoutMs` rejects with what it saw last. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs: number): Promise<T> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await sleep(pollMs)
  }
}

/** 0 to count - 1. */
export function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n)
}

function seen(value: unknown): string {
  const text = inspect(value, { depth: 6, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60 })
  return text.length > seenCharactersMax ? `${text.slice(0, seenCharactersMax)}...` : text
}
