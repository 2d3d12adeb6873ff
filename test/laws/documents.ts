/**
 * Random documents and random edits of them, for any declaration. An edit keeps some parts of a document, takes others
 * from a second one, and leaves others out: it adds, changes and removes at every depth, as applications do.
 */
import fc from 'fast-check'
import type { FieldsDescriptor, MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json } from '../../shared/document/json.ts'
import { numberFromDouble } from '../../shared/document/portable-number.ts'
import { composed } from '../../shared/resolve/parts.ts'

/** A name that ordinary objects already have is among them on purpose. */
export const names = fc.constantFrom('tea', 'mug', '__proto__')

export const texts = fc.constantFrom('', 'red', 'blue', 'ünïcode ☂')

/** Whole, fractional, negative, beyond what a double counts exactly, and at the ends of what it can hold. */
export const amounts: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -9, max: 9 }) },
  { weight: 2, arbitrary: fc.constantFrom(0.1, 0.2, 0.3, -0.7, 1e-7, 12.345) },
  { weight: 2, arbitrary: fc.constantFrom(2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), 1e21) },
  // Some way below the largest double: a sum that leaves the range stays at its end, which the laws do not model.
  { weight: 1, arbitrary: fc.double({ noNaN: true, min: -1e307, max: 1e307 }).map(numberFromDouble) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('9007199254740993', '-12345678901234567890', '-1e+300').map($number => ({ $number })),
  },
)

export const values: fc.Arbitrary<Json> = fc.oneof(
  texts,
  fc.constantFrom<Json>(null, true, 0, -1.5, [], {}, [1, 'two'], { deep: { er: [null] } }),
)

/** An object with some of these names, however odd they are. */
export function objectOf(name: fc.Arbitrary<string>, value: fc.Arbitrary<Json>, most = 3): fc.Arbitrary<Document> {
  return fc.uniqueArray(fc.tuple(name, value), { maxLength: most, selector: ([key]) => key }).map(document)
}

/** An object in which each of the named fields may be absent. */
export function optional(fields: { readonly [name: string]: fc.Arbitrary<Json> }): fc.Arbitrary<Document> {
  const entries = Object.entries(fields).map(([name, value]) => fc.option(value.map(drawn => [name, drawn] as const)))
  return fc.tuple(...entries).map(drawn => document(drawn.filter(entry => entry !== null)))
}

/** Elements that carry their identity in the field `by`. */
export function arrayBy(by: string, identity: fc.Arbitrary<Json>, element: fc.Arbitrary<Document>): fc.Arbitrary<Json> {
  return fc
    .uniqueArray(fc.tuple(identity, element), { maxLength: 3, selector: ([id]) => String(id) })
    .map(drawn => drawn.map(([id, rest]) => document([...Object.entries(rest), [by, id]])))
}

/** As JSON.parse makes it: every name is the object's own, `__proto__` too. */
function document(entries: readonly (readonly [string, Json])[]): Document {
  return Object.fromEntries(entries)
}

export interface Edit {
  readonly how: 'remove' | 'replace' | 'mix'
  readonly drawn: Document
  /** What decides, part by part, in a mix. */
  readonly choices: readonly number[]
}

export function editsOf(documents: fc.Arbitrary<Document>): fc.Arbitrary<Edit> {
  const how = fc.oneof(
    { weight: 6, arbitrary: fc.constant('mix' as const) },
    { weight: 1, arbitrary: fc.constant('replace' as const) },
    { weight: 1, arbitrary: fc.constant('remove' as const) },
  )
  return fc.record({ how, drawn: documents, choices: fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }) })
}

export function applyEdit(
  descriptor: MergeDescriptor,
  before: Document | undefined,
  { how, drawn, choices }: Edit,
): Document | undefined {
  if (how === 'remove') return undefined
  if (how === 'replace' || before === undefined) return drawn
  let at = 0
  const mixed = mix(descriptor, before, drawn, () => choices[at++ % choices.length] ?? 0)
  return isJsonObject(mixed) ? mixed : drawn
}

function mix(descriptor: MergeDescriptor, before: Json, drawn: Json, choose: () => number): Json {
  const whole = composed(descriptor)
  switch (whole?.kind) {
    case undefined:
      return choose() < 3 ? drawn : before
    case 'fields':
      return mixNames(before, drawn, choose, name => fieldOf(whole, name))
    case 'set': {
      const { by, element } = whole
      if (by === undefined) return mixNames(before, drawn, choose, () => element)
      const mixed = mixNames(byIdentity(before, by), byIdentity(drawn, by), choose, () => element)
      // Whatever was mixed, an element keeps the identity that names it.
      const items = Object.entries(mixed).map(([name, item]) =>
        isJsonObject(item) ? { ...item, [by]: JSON.parse(name) } : item,
      )
      return choose() < 3 ? items : items.reverse()
    }
  }
}

/** What a field's declaration says; unnamed fields are registers. */
export function fieldOf({ fields }: FieldsDescriptor, name: string): MergeDescriptor {
  return (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? { kind: 'register' }
}

function mixNames(before: Json, drawn: Json, choose: () => number, below: (name: string) => MergeDescriptor): Document {
  if (!isJsonObject(before) || !isJsonObject(drawn)) throw new TypeError('neither of two documents fits its type')
  const mixed: [string, Json][] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(drawn)])) {
    const old = Object.hasOwn(before, name) ? before[name] : undefined
    const young = Object.hasOwn(drawn, name) ? drawn[name] : undefined
    const choice = choose()
    if (old !== undefined && choice < 2) mixed.push([name, old])
    else if (old !== undefined && young !== undefined && choice < 4)
      mixed.push([name, mix(below(name), old, young, choose)])
    else if (young !== undefined && choice < 5) mixed.push([name, young])
  }
  return document(mixed)
}

/** An array set as a map; anything else is not touched. */
export function byIdentity(array: Json, by: string): Document {
  if (!Array.isArray(array)) throw new TypeError(`a set by '${by}' is an array`)
  return document(
    (array as readonly Json[]).map(item => {
      const identity = isJsonObject(item) && Object.hasOwn(item, by) ? item[by] : undefined
      if (identity === undefined) throw new TypeError(`an element without its '${by}': ${JSON.stringify(item)}`)
      return [JSON.stringify(identity), item]
    }),
  )
}
