/** What a declaration may say of how a document merges, and the words for what it may not. */
import * as z from 'zod'
import type { DocumentDescriptor, MergeDescriptor } from './merge-descriptor.ts'

export const fieldName = z.string().min(1, { error: 'a field name is not empty' })

const merge: z.ZodType<MergeDescriptor> = z.lazy(() =>
  z.discriminatedUnion('kind', joined, { error: 'made with register(), counter(), set(...) or fields(...)' }),
)

/** What merges by joins alone. */
const joined = [
  z.strictObject({ kind: z.literal('register') }),
  z.strictObject({ kind: z.literal('counter') }),
  z
    .strictObject({ kind: z.literal('set'), element: merge, by: fieldName.exactOptional() })
    .refine(({ by, element }) => by === undefined || element.kind === 'fields' || element.kind === 'register', {
      path: ['element'],
      error: 'an element that is named by a field of its own is an object: register() or fields(...)',
    }),
  z.strictObject({ kind: z.literal('fields'), fields: z.record(fieldName, merge) }),
] as const

const word = z.string().min(1, { error: 'a word is not empty' })

const ledger = z
  .strictObject({
    kind: z.literal('ledger'),
    stock: fieldName,
    entries: fieldName,
    available: fieldName,
    quantity: fieldName,
    status: fieldName,
    expires: fieldName.exactOptional(),
    words: z
      .strictObject({
        request: word,
        yes: word,
        no: word,
        cancel: word,
        confirm: word,
        confirmed: word,
        expired: word,
        done: word,
      })
      .refine(words => new Set(Object.values(words)).size === Object.keys(words).length, {
        error: 'eight different words',
      }),
    decide: z.strictObject({ by: z.literal('home'), at: z.string(), fixed: z.enum(['majority', 'home']) }),
  })
  .refine(({ stock, entries, available }) => new Set([stock, entries, available]).size === 3, {
    error: 'three different fields for stock, entries and available',
  })
  .refine(({ quantity, status, expires }) => quantity !== status && expires !== quantity && expires !== status, {
    error: 'different fields for quantity, status and expires',
  })

export const documentMerge: z.ZodType<DocumentDescriptor> = z
  .discriminatedUnion('kind', [...joined, ledger], {
    error: 'made with register(), counter(), set(...), fields(...) or ledger(...)',
  })
  .refine(({ kind }) => kind !== 'counter' && kind !== 'set', {
    error: 'a document is an object: the outermost type is register(), fields(...) or ledger(...)',
  })
