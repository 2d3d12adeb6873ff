import type { z } from 'zod'

/** What a cloud answered to a question: the answer, that there is no such thing, or nothing that helps, and why. */
export type Told<Value> =
  | { readonly is: 'there'; readonly value: Value }
  | { readonly is: 'missing' }
  | { readonly is: 'unknown'; readonly reason: string }

export function there<Value>(value: Value): Told<Value> {
  return { is: 'there', value }
}

export function unknown(reason: string): Told<never> {
  return { is: 'unknown', reason }
}

/** Names and codes with which the clouds say that something is not there. */
const missing = new Set<unknown>([
  'ResourceNotFoundException',
  'QueueDoesNotExist',
  'NotFoundException',
  'TableNotFoundException',
  // Cosmos DB, gRPC.
  404,
  5,
])

/** Names and codes with which they say that one may not ask. */
const forbidden = new Set<unknown>(['AccessDeniedException', 'AccessDenied', 401, 403, 7])

const notAllowed = 'may not be asked'

/** Servers of the local clouds do not know every call. */
const unanswered = new Set<unknown>(['UnknownOperationException', 'UnknownError', 12, 405, 501])

export async function told<Value>(ask: () => Promise<Value>): Promise<Told<Value>> {
  try {
    return there(await ask())
  } catch (error) {
    const [name, code, message] = ['name', 'code', 'message'].map(property => Reflect.get(Object(error), property))
    const is = (set: ReadonlySet<unknown>) => set.has(name) || set.has(code)
    if (is(missing)) return { is: 'missing' }
    if (is(forbidden)) return mayNotBeAsked(firstLine(message))
    if (is(unanswered)) return unknown('the server here does not answer this')
    return unknown(`${name}: ${firstLine(message)}`)
  }
}

export function firstLine(text: unknown): string {
  return String(text).trim().split('\n')[0]?.slice(0, 200) ?? ''
}

/** Who asks is known, and lacks a permission. */
export function mayNotBeAsked(why: string): Told<never> {
  return unknown(`${notAllowed}: ${why}`)
}

export function saysForbidden({ reason }: { readonly reason: string }): boolean {
  return reason.startsWith(notAllowed)
}

/** Why there is no answer to go by. */
export function reasonOf(asked: Exclude<Told<unknown>, { readonly is: 'there' }>): string {
  return asked.is === 'unknown' ? asked.reason : 'it is not there'
}

/** What a command line prints may change with its version: another form than `shape` is no answer. */
export function shaped<Value>(asked: Told<unknown>, shape: z.ZodType<Value>): Told<Value> {
  if (asked.is !== 'there') return asked
  const parsed = shape.safeParse(asked.value)
  return parsed.success ? there(parsed.data) : unknown('answered in a form that is not known here')
}
