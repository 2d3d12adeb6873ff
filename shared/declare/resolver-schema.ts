/** What a declaration may say of its resolvers. */
import * as z from 'zod'
import type { Json } from '../document/json.ts'
import { portableCopy } from '../document/portable-value.ts'
import type { Resolver } from './resolver.ts'

function isPortable(value: unknown): boolean {
  try {
    portableCopy(value)
    return true
  } catch {
    return false
  }
}

const resolver = z.strictObject({
  resolve: z.custom<Resolver['resolve']>(value => typeof value === 'function', { error: 'a function of two values' }),
  examples: z
    .array(z.custom<Json>(isPortable, { error: 'a value that a document can hold' }))
    .min(2, { error: 'at least two values as applications write them' })
    .readonly(),
})

export const resolversSchema = z.record(z.string().min(1, { error: 'a name for custom(...)' }), resolver, {
  error: 'an object of functions by their names: { <name>: { resolve, examples } }',
})
