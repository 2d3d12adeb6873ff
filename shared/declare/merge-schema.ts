/** What a declaration may say of how a document merges, and the words for what it may not. */
import * as z from 'zod'
import { type DocumentDescriptor, type MergeDescriptor, namedFields } from './merge-descriptor.ts'

export const fieldName = z.string().min(1, { error: 'a field name is not empty' })

const merge: z.ZodType<MergeDescriptor> = z.lazy(() =>
  z.discriminatedUnion('kind', joined, { error: `made with ${joinedNames} or fields(...)` }),
)

const joinedNames =
  'register(), counter(), set(...), highest(...), siblings(), authority(...), custom(...), appendOnly()'
const siteName = z.string().min(1, { error: 'the id of a site' })

/** What merges by joins alone. */
const joined = [
  z.strictObject({ kind: z.literal('register'), review: z.literal(true).exactOptional() }),
  z.strictObject({ kind: z.literal('highest'), by: fieldName.exactOptional() }),
  z.strictObject({ kind: z.literal('siblings') }),
  z.strictObject({
    kind: z.literal('authority'),
    of: z.discriminatedUnion('by', [
      z.strictObject({ by: z.literal('site'), site: siteName }),
      z.strictObject({
        by: z.literal('source'),
        field: fieldName,
        sites: z
          .record(fieldName, siteName)
          .refine(sites => Object.keys(sites).length > 0, { error: 'at least one source: { <source>: SITE }' }),
      }),
    ]),
    passive: z.enum(['accept', 'refuse']),
  }),
  z.strictObject({
    kind: z.literal('custom'),
    name: z.string().min(1, { error: 'the name of one of the resolvers' }),
    version: z.int({ error: 'a whole number from 1 on' }).min(1, { error: 'a whole number from 1 on' }),
  }),
  z.strictObject({ kind: z.literal('appendOnly') }),
  z.strictObject({ kind: z.literal('counter') }),
  z
    .strictObject({ kind: z.literal('set'), element: merge, by: fieldName.exactOptional() })
    .refine(({ by, element }) => by === undefined || objectKinds.has(element.kind), {
      path: ['element'],
      error:
        'an element that is named by a field of its own is an object: register(), highest({ by }), siblings(), authority(...) or fields(...)',
    }),
  z.strictObject({ kind: z.literal('fields'), fields: z.record(fieldName, merge) }),
] as const

/** What holds objects and gives back the very ones that were written. */
const objectKinds: ReadonlySet<string> = new Set(['register', 'highest', 'siblings', 'authority', 'fields'])

const word = z.string().min(1, { error: 'a word is not empty' })

const home = z.strictObject({ by: z.literal('home'), at: z.string(), fixed: z.enum(['majority', 'home']) })

const share = z.number().min(0).max(100, { error: 'a part of a hundred' })
const escrow = z.strictObject({
  by: z.literal('escrow'),
  shares: z
    .record(z.string(), share)
    .refine(shares => Object.values(shares).reduce((sum, part) => sum + part, 0) <= 100, {
      error: 'parts of a hundred, together not more',
    }),
})

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
        revoked: word,
      })
      .refine(words => new Set(Object.values(words)).size === Object.keys(words).length, {
        error: 'nine different words',
      }),
    decide: z.discriminatedUnion('by', [home, escrow], { error: 'made with home(...) or escrow(...)' }),
    shortage: z.enum(['keep', 'revokeLatest']),
  })
  .refine(({ shortage, decide }) => shortage === 'keep' || decide.by === 'home', {
    path: ['shortage'],
    error: 'keep; by escrow no site knows which acceptance was the latest: revokeLatest goes with home(...)',
  })
  .refine(({ stock, entries, available }) => new Set([stock, entries, available]).size === 3, {
    error: 'three different fields for stock, entries and available',
  })
  .refine(({ quantity, status, expires }) => quantity !== status && expires !== quantity && expires !== status, {
    error: 'different fields for quantity, status and expires',
  })

const machine = z
  .strictObject({ initial: word, transitions: z.record(word, z.array(word)) })
  .superRefine(({ initial, transitions }, { addIssue }) => {
    const known = `a status with a line of its own in transitions: ${Object.keys(transitions).join(', ')}`
    const check = (status: string, path: (string | number)[]) => {
      if (!Object.hasOwn(transitions, status)) addIssue({ code: 'custom', path, message: known })
    }
    check(initial, ['initial'])
    for (const [from, targets] of Object.entries(transitions))
      for (const [index, to] of targets.entries()) check(to, ['transitions', from, index])
  })

const eventLog = z
  .strictObject({
    kind: z.literal('eventLog'),
    machine,
    status: fieldName,
    settled: fieldName.exactOptional(),
    entries: z
      .strictObject({
        field: fieldName,
        to: fieldName,
        status: fieldName,
        words: z
          .strictObject({ request: word, yes: word, no: word })
          .refine(({ request, yes, no }) => new Set([request, yes, no]).size === 3, { error: 'three different words' }),
      })
      .refine(({ to, status }) => to !== status, { error: 'different fields for to and status' })
      .exactOptional(),
    compensate: z.record(word, word).exactOptional(),
    decide: home,
  })
  .superRefine(({ compensate = {}, machine: { transitions } }, { addIssue }) => {
    const message = `a status with a line of its own in transitions: ${Object.keys(transitions).join(', ')}`
    for (const [rejected, to] of Object.entries(compensate))
      for (const status of [rejected, to])
        if (!Object.hasOwn(transitions, status)) addIssue({ code: 'custom', path: ['compensate', rejected], message })
  })
  .refine(log => new Set(namedFields(log)).size === namedFields(log).length, {
    error: 'different fields for status, settled and entries',
  })

const text = z.strictObject({
  kind: z.literal('text'),
  fields: z
    .array(fieldName)
    .min(1, { error: 'at least one field' })
    .refine(names => new Set(names).size === names.length, { error: 'each field once' }),
  decide: home,
})

const bestFeed = z
  .strictObject({
    kind: z.literal('bestFeed'),
    feeds: fieldName,
    best: fieldName,
    venues: z.array(word),
    classes: z.array(word),
    sites: z.record(fieldName, siteName),
    staleAfterS: z.number().positive({ error: 'seconds, more than 0' }),
    fields: z
      .strictObject({
        venue: fieldName,
        class: fieldName,
        observed: fieldName,
        latency: fieldName,
        confidence: fieldName,
      })
      .refine(named => new Set(Object.values(named)).size === Object.keys(named).length, {
        error: 'five different fields',
      }),
  })
  .refine(({ feeds, best }) => feeds !== best, { error: 'different fields for feeds and best' })

export const documentMerge: z.ZodType<DocumentDescriptor> = z
  .discriminatedUnion('kind', [...joined, ledger, eventLog, text, bestFeed], {
    error: `made with ${joinedNames}, fields(...), ledger(...), eventLog(...), text(...) or bestFeed(...)`,
  })
  .refine(({ kind }) => kind !== 'counter' && kind !== 'set', {
    error: 'a document is an object: the outermost type is none of counter() and set(...)',
  })
  .refine(merge => merge.kind !== 'highest' || merge.by !== undefined, {
    error: 'a document is compared by one of its fields: highest({ by })',
  })
