/**
 * Functions of the user's own that settle concurrent values, and how they are called: with copies that they cannot
 * change, for a limited time, and their outcome is checked. What a function does costs only its record.
 */
import { types } from 'node:util'
import { createContext, Script } from 'node:vm'
import type { Json } from '../document/json.ts'
import { frozenCopy, NotPortable, portableCopy } from '../document/portable-value.ts'
import type { SyncPlan } from './sync-plan.ts'

export interface Resolver {
  /** The outcome of two concurrent values. In whatever order it is asked, and however often, it has to be the same. */
  resolve(a: Json, b: Json): Json
  /** At least two values as applications write them: what the laws are checked with. */
  readonly examples: readonly Json[]
}

export type Resolvers = { readonly [name: string]: Resolver }

/** Of one call. A thousand times what an honest function takes: a machine that stalls must not end one. */
const callLimitMs = 1000
const textLengthMax = 200

export class ResolverFailed extends Error {
  constructor(name: string, reason: string, a: Json, b: Json) {
    super(`the resolver '${name}' ${reason}: given ${shortText(a)} and ${shortText(b)}`)
    this.name = 'ResolverFailed'
  }
}

/** Throws `ResolverFailed`: it threw, did not end, or made something that no document can hold. */
export function resolved(name: string, resolver: Resolver, a: Json, b: Json): Json {
  let outcome: Json = null
  const isOver = endsWithin(callLimitMs, () => {
    outcome = resolvedInTime(name, resolver, a, b)
  })
  if (!isOver) throw new ResolverFailed(name, `did not end within ${callLimitMs} ms`, a, b)
  return outcome
}

/** The same for a caller that limits the time itself. */
export function resolvedInTime(name: string, resolver: Resolver, a: Json, b: Json): Json {
  try {
    return portableCopy(resolver.resolve(frozenCopy(a), frozenCopy(b)))
  } catch (error) {
    throw new ResolverFailed(name, reasonOf(error), a, b)
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof NotPortable) return `gave ${error.message}`
  return error instanceof Error ? `threw ${error.name}: ${error.message}` : 'threw what is no error'
}

const script = new Script('call()')
let context: ReturnType<typeof createContext> | undefined
let isLimited = false

/**
 * Node ends a script that takes too long, and with it whatever the script has called, an endless loop too. It starts a
 * thread for that: inside of a call that is limited already the limit around it is the only one.
 */
export function endsWithin(timeoutMs: number, call: () => void): boolean {
  if (isLimited) {
    call()
    return true
  }
  context ??= createContext({})
  context.call = call
  isLimited = true
  try {
    script.runInContext(context, { timeout: timeoutMs })
    return true
  } catch (error) {
    // Made in the script's context, it is none of our errors by its class.
    if (types.isNativeError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false
    throw error
  } finally {
    isLimited = false
  }
}

export function shortText(value: Json): string {
  const text = JSON.stringify(value)
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text
}

/** Beside the plan, not of it: what is hashed, printed and handed to infrastructure stays plain data. */
export function withResolvers<Plan extends Omit<SyncPlan, 'resolvers'>>(plan: Plan, resolvers: Resolvers): Plan {
  return Object.defineProperty(plan, 'resolvers', { value: resolvers })
}
