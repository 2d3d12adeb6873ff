/**
 * Only the application knows what two concurrent values make together: how does its own function settle them?
 *
 * Pairwise. The concurrent values are kept as siblings, and what readers see is what the function makes of them, the
 * first with the second in the order of stamps, the outcome with the third, and so on; a write that has seen them
 * replaces them. As nothing but the siblings is stored, and the function passed the laws when it was declared, sites show
 * the same whatever order things arrive in. Every site calls it for itself: it must not ask for the time, for chance or
 * for anything outside its arguments.
 *
 * Not where a declared type does it: this one is called with every reading of a record that has siblings (some 0.1 ms), and
 * one that fails keeps its record from being merged.
 */
import type { CustomDescriptor } from '../declare/merge-descriptor.ts'
import { type Resolver, ResolverFailed, resolved } from '../declare/resolver.ts'
import { isJsonObject, type Json, jsonEquals } from '../document/json.ts'
import type { MergeType, RegisterState } from './merge-type.ts'
import { createRegister, inStampOrder } from './register.ts'

/** `document`: the outcome is a whole document, an object. Its view and its joins throw `ResolverFailed`. */
export function createCustom(
  { name }: CustomDescriptor,
  resolver: Resolver,
  { document }: { readonly document: boolean },
): MergeType<RegisterState> {
  function together(a: Json, b: Json): Json {
    if (jsonEquals(a, b)) return a
    const outcome = resolved(name, resolver, a, b)
    if (document && !isJsonObject(outcome)) throw new ResolverFailed(name, 'a document is an object', a, b)
    return outcome
  }
  return createRegister({
    rule: `custom:${name}`,
    choose: siblings => ({
      value: inStampOrder(siblings)
        .map(([, , , value]) => value)
        .reduce(together),
    }),
  })
}
