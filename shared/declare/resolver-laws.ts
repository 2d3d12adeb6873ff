/**
 * May sites be left alone with this function? Concurrent values meet in a different order at every site, some of them
 * twice, so that a function that breaks one of these laws makes sites differ for ever. It is asked when it is declared, of
 * values as applications write them (its examples), of its own outcomes, and of crossings of both, field by field: what a
 * write of one field makes of a document. A law that only other values break is not found.
 */
import { canonicalText } from '../document/canonical.ts'
import { isJsonObject, type Json, setField } from '../document/json.ts'
import { endsWithin, type Resolver, ResolverFailed, resolvedInTime, shortText } from './resolver.ts'

const examplesMax = 12
const inputsMax = 20
const triplesMax = 1000
/** Of all calls together, some 6,000. */
const lawsLimitMs = 5000

/** The first law that it breaks, with the values that show it; undefined: it has passed. */
export function brokenLaw(name: string, resolver: Resolver): string | undefined {
  let given: readonly [Json, Json] = [null, null]
  let broken: string | undefined
  const resolve = (a: Json, b: Json) => {
    given = [a, b]
    return resolvedInTime(name, resolver, a, b)
  }
  try {
    const isOver = endsWithin(lawsLimitMs, () => {
      broken = firstBroken(resolver.examples, resolve)
    })
    if (isOver) return broken
    throw new ResolverFailed(name, `did not pass the laws within ${lawsLimitMs} ms`, ...given)
  } catch (error) {
    if (error instanceof ResolverFailed) return error.message
    throw error
  }
}

function firstBroken(examples: readonly Json[], resolve: Resolve): string | undefined {
  const inputs = inputsFrom(examples, resolve)
  const areDocuments = examples.every(isJsonObject)
  for (const a of inputs) {
    for (const b of inputs) {
      const broken = pairLaw(a, b, resolve, areDocuments)
      if (broken !== undefined) return broken
    }
  }
  for (const [a, b, c] of triplesOf(inputs)) {
    const broken = associativity(a, b, c, resolve)
    if (broken !== undefined) return broken
  }
  return undefined
}

type Resolve = (a: Json, b: Json) => Json

function pairLaw(a: Json, b: Json, resolve: Resolve, areDocuments: boolean): string | undefined {
  const outcome = resolve(a, b)
  const again = resolve(a, b)
  if (!isSame(outcome, again))
    return `not deterministic: ${told('a, b', { a, b }, outcome)}, and then ${shortText(again)}`
  const reversed = resolve(b, a)
  if (!isSame(outcome, reversed))
    return `not commutative: ${told('a, b', { a, b }, outcome)}, and of b, a ${shortText(reversed)}`
  if (isSame(a, b) && !isSame(outcome, a)) return `not idempotent: ${told('a, a', { a }, outcome)}`
  // Where only documents go in, only documents may come out.
  if (areDocuments && !isJsonObject(outcome)) return `no object: ${told('a, b', { a, b }, outcome)}`
  return undefined
}

function associativity(a: Json, b: Json, c: Json, resolve: Resolve): string | undefined {
  const left = resolve(resolve(a, b), c)
  const right = resolve(a, resolve(b, c))
  if (isSame(left, right)) return undefined
  return `not associative: ${told('(a, b), c', { a, b, c }, left)}, and of a, (b, c) ${shortText(right)}`
}

function told(call: string, values: { readonly [name: string]: Json }, outcome: Json): string {
  const given = Object.entries(values).map(([name, value]) => `${name} = ${shortText(value)}`)
  return `with ${given.join(', ')} it makes of ${call} ${shortText(outcome)}`
}

function isSame(a: Json, b: Json): boolean {
  return canonicalText(a) === canonicalText(b)
}

/** The examples, then outcomes and crossings of them in turn. */
function inputsFrom(examples: readonly Json[], resolve: Resolve): readonly Json[] {
  const inputs = new Map<string, Json>()
  const add = (value: Json) => void (inputs.size < inputsMax && inputs.set(canonicalText(value), value))
  const known = examples.slice(0, examplesMax)
  for (const value of known) add(value)
  const pairs = known.flatMap(a => known.map(b => [a, b] as const))
  const outcomes = pairs.map(([a, b]) => resolve(a, b))
  const crossed = pairs.flatMap(([a, b]) => crossings(a, b))
  for (let index = 0; index < Math.max(outcomes.length, crossed.length); index++) {
    for (const value of [outcomes[index], crossed[index]]) if (value !== undefined) add(value)
  }
  return [...inputs.values()]
}

/** `a` with one field as in `b`: another value, or none. */
function crossings(a: Json, b: Json): readonly Json[] {
  if (!isJsonObject(a) || !isJsonObject(b)) return []
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(name => {
    const [mine, other] = [own(a, name), own(b, name)]
    const fields = [other, ...(mine !== undefined && other !== undefined ? crossings(mine, other) : [])]
    return fields.map(field => withField(a, name, field))
  })
}

function own(object: { readonly [name: string]: Json }, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function withField(object: { readonly [name: string]: Json }, name: string, field: Json | undefined): Json {
  const copy: Record<string, Json> = { ...object }
  delete copy[name]
  if (field !== undefined) setField(copy, name, field)
  return copy
}

/** All there are, or so many of them, spread by a step that has no divisor in common with any number of triples. */
function* triplesOf(inputs: readonly Json[]): Generator<readonly [Json, Json, Json]> {
  const many = inputs.length
  const all = many ** 3
  const step = all <= triplesMax ? 1 : 7919
  const at = (index: number) => inputs[index % many] ?? null
  for (let index = 0; index < Math.min(all, triplesMax); index++) {
    const triple = (index * step) % all
    yield [at(triple), at(Math.floor(triple / many)), at(Math.floor(triple / many ** 2))]
  }
}
