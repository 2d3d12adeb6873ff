/** Capture compares documents by hash: equal must be equal and different different, whatever a store does to order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalText, documentHash } from '../../shared/document/canonical.ts'
import { isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'

const json = fc.json({ maxDepth: 3 }).map((text): Json => JSON.parse(text))

function reordered(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(reordered)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reordered(inner)]),
  )
}

describe('equal documents', () => {
  it('have one text and one hash, in whatever order their fields come', () => {
    fc.assert(
      fc.property(json, value => {
        expect(canonicalText(reordered(value))).toBe(canonicalText(value))
        expect(jsonEquals(value, reordered(value))).toBe(true)
        expect(documentHash({ value: reordered(value) })).toBe(documentHash({ value }))
      }),
    )
  })

  it('are those with one text, and no others', () => {
    fc.assert(
      fc.property(json, json, (a, b) => void expect(jsonEquals(a, b)).toBe(canonicalText(a) === canonicalText(b))),
      { numRuns: 2000 },
    )
  })

  it('read back from their text', () => {
    fc.assert(fc.property(json, value => void expect(jsonEquals(JSON.parse(canonicalText(value)), value)).toBe(true)))
  })

  it('may say 0 or -0: no store tells them apart', () => {
    expect(jsonEquals({ n: -0 }, { n: 0 })).toBe(true)
    expect(documentHash({ n: -0 })).toBe(documentHash({ n: 0 }))
  })
})

describe('different documents', () => {
  it.each<[string, Json | undefined, Json | undefined]>([
    ['a number and its text', { n: 1 }, { n: '1' }],
    ['null and absent', { n: null }, {}],
    ['an empty array and an empty object', { n: [] }, { n: {} }],
    ['another order in an array', { n: [1, 2] }, { n: [2, 1] }],
    ['a field more', { a: 1 }, { a: 1, b: 1 }],
    ['another name', { a: 1 }, { b: 1 }],
    ['a name that every object has', {}, JSON.parse('{"__proto__":1}')],
    ['an inherited name', JSON.parse('{"a":1}'), JSON.parse('{"toString":1}')],
    ['no document and an empty one', undefined, {}],
  ])('%s', (_, a, b) => {
    expect(jsonEquals(a, b)).toBe(false)
    expect(jsonEquals(b, a)).toBe(false)
    const [hashA, hashB] = [a, b].map(value => documentHash(isJsonObject(value) ? value : undefined))
    expect(hashA).not.toBe(hashB)
  })

  it('have the hashes that sites with other code compute: 22 letters of SHA-256 over sorted JSON', () => {
    expect(documentHash({ b: [1, { d: null, c: 'ü' }], a: true })).toBe('Uiu6_-cj971oBi3yh-5jQ8')
    expect(documentHash(undefined)).toBe('absent')
  })
})
