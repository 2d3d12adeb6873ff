/**
 * What an application stores in one cloud comes back the same from the others, or is refused with its name: for
 * documents made at random in each store's own types.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { cosmos, dynamoDb, type Fields, firestoreStore, ref, type Store, writeFields } from './native-values.ts'

/** Undefined: refused, with type, key and field. */
function orRefused<Result>(convert: () => Result): Result | undefined {
  try {
    return convert()
  } catch (error) {
    expect(error).toBeInstanceOf(ValueRefused)
    expect(error).toMatchObject({ ref, field: expect.any(String), reason: expect.any(String) })
    return undefined
  }
}

/** Whether the document passed through, value for value and type for type. */
function passes<Native, Other>(home: Store<Native>, away: Store<Other>, fields: Fields<Native>): boolean {
  const document = home.toPortable(fields)
  const held = orRefused(() => away.fromPortable(document))
  if (held === undefined) return false
  const back = away.toPortable(held)
  expect(canonicalText(back)).toBe(canonicalText(document))
  expect(writeFields(home.fromPortable(back), home.write)).toBe(writeFields(fields, home.write))
  return true
}

function testRoundTrips<Native, Other>(home: Store<Native>, away: Store<Other>): void {
  it(`of ${home.name} comes through ${away.name} as it was`, () => {
    let runs = 0
    let passed = 0
    fc.assert(
      fc.property(home.fields, fields => {
        runs++
        if (passes(home, away, fields)) passed++
      }),
      { numRuns: 1500 },
    )
    expect(passed / runs).toBeGreaterThan(0.95)
  })
}

describe('a document', () => {
  testRoundTrips(dynamoDb, firestoreStore)
  testRoundTrips(dynamoDb, cosmos)
  testRoundTrips(firestoreStore, dynamoDb)
  testRoundTrips(firestoreStore, cosmos)
  testRoundTrips(cosmos, dynamoDb)
  testRoundTrips(cosmos, firestoreStore)

  function testHome<Native>(store: Store<Native>): void {
    it(`of ${store.name} is written back as it was read`, () => {
      fc.assert(
        fc.property(store.fields, fields => {
          const document: Document = store.toPortable(fields)
          expect(writeFields(store.fromPortable(document), store.write)).toBe(writeFields(fields, store.write))
        }),
        { numRuns: 1500 },
      )
    })
  }
  testHome(dynamoDb)
  testHome(firestoreStore)
  testHome(cosmos)
})
