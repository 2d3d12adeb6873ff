/** "Only if it is as it was read", on a store without versions: too little and a merge overwrites an application's write. */
import { describe, expect, it } from 'vitest'
import type { Document } from '../../shared/document/json.ts'
import { changedFields, documentConditions, meets } from '../../shared/ports/document-conditions.ts'

interface Case {
  readonly name: string
  readonly read: Document | undefined
  readonly after: Document | undefined
  readonly now: Document | undefined
  readonly indivisible?: boolean
  readonly declared?: readonly string[]
  readonly met: boolean
}

const cart: Document = { currency: 'EUR', items: { tea: 1 } }

const cases: readonly Case[] = [
  { name: 'unchanged', read: cart, after: { ...cart, items: {} }, now: cart, met: true },
  {
    name: 'what the merge changes was changed',
    read: cart,
    after: { ...cart, items: {} },
    now: { ...cart, items: { mug: 1 } },
    met: false,
  },
  {
    name: 'what the merge changes was removed',
    read: cart,
    after: { ...cart, items: {} },
    now: { currency: 'EUR' },
    met: false,
  },
  {
    name: 'another field was changed beside it',
    read: cart,
    after: { ...cart, items: {} },
    now: { ...cart, currency: 'USD' },
    met: true,
  },
  {
    name: 'another field was changed, of one value',
    read: cart,
    after: { ...cart, items: {} },
    now: { ...cart, currency: 'USD' },
    indivisible: true,
    met: false,
  },
  {
    name: 'what the merge adds was added',
    read: cart,
    after: { ...cart, note: 'b' },
    now: { ...cart, note: 'a' },
    met: false,
  },
  {
    name: 'what the merge removes was changed',
    read: cart,
    after: { currency: 'EUR' },
    now: { ...cart, items: {} },
    met: false,
  },
  { name: 'the document was deleted', read: cart, after: { ...cart, items: {} }, now: undefined, met: false },
  { name: 'there was none, and there is one now', read: undefined, after: cart, now: {}, met: false },
  { name: 'there was none, and there is none', read: undefined, after: cart, now: undefined, met: true },
  {
    name: 'it is to be deleted, and was changed anywhere',
    read: cart,
    after: undefined,
    now: { ...cart, currency: 'USD' },
    met: false,
  },
  {
    name: 'it is to be deleted, and has a declared field more',
    read: cart,
    after: undefined,
    now: { ...cart, note: 'a' },
    declared: ['note'],
    met: false,
  },
  {
    name: 'it is to be deleted, unchanged',
    read: cart,
    after: undefined,
    now: { items: { tea: 1 }, currency: 'EUR' },
    declared: ['note'],
    met: true,
  },
  { name: 'null is not absent', read: { a: null }, after: { a: 1 }, now: {}, met: false },
]

describe('a write on condition', () => {
  it.each(cases)('$name: $met', ({ read, after, now, indivisible = false, declared = [], met }) => {
    const conditions = documentConditions({ read: { document: read, revision: '' }, after, indivisible, declared })
    expect(meets(now, conditions)).toBe(met)
  })

  it('changes the fields that differ, in either direction, by value', () => {
    const before = { same: { a: 1, b: 2 }, changed: 1, removed: null }
    const after = { same: { b: 2, a: 1 }, changed: 2, added: null }
    expect(changedFields(before, after)).toEqual(['changed', 'removed', 'added'])
  })
})
