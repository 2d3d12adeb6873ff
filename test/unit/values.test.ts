/**
 * What an application stores in one cloud comes back the same from the others, or is refused with its name: for
 * documents made at random in each store's own types.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import { MemorySite, settle } from './memory-site.ts'
import { cosmos, dynamoDb, type Fields, firestoreStore, ref, type Store, writeFields } from './native-values.ts'
import { awsSite, azureSite, gcpSite, threeSites } from './three-sites.ts'

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

/** From its home to one, from there to the other, and home again: nobody wrote it but its application. */
function testWayRound<Native, One, Other>(home: Store<Native>, one: Store<One>, other: Store<Other>): void {
  it(`of ${home.name} comes home from ${one.name} by way of ${other.name} as it was`, () => {
    let runs = 0
    let came = 0
    fc.assert(
      fc.property(home.fields, fields => {
        runs++
        const document = home.toPortable(fields)
        const atOne = orRefused(() => one.fromPortable(document))
        const atOther = atOne && orRefused(() => other.fromPortable(one.toPortable(atOne)))
        if (!atOther) return
        came++
        expect(writeFields(home.fromPortable(other.toPortable(atOther)), home.write)).toBe(
          writeFields(fields, home.write),
        )
      }),
      { numRuns: 500 },
    )
    expect(came / runs).toBeGreaterThan(0.95)
  })
}

describe('a document', () => {
  testRoundTrips(dynamoDb, firestoreStore)
  testRoundTrips(dynamoDb, cosmos)
  testRoundTrips(firestoreStore, dynamoDb)
  testRoundTrips(firestoreStore, cosmos)
  testRoundTrips(cosmos, dynamoDb)
  testRoundTrips(cosmos, firestoreStore)
  testWayRound(dynamoDb, firestoreStore, cosmos)
  testWayRound(firestoreStore, cosmos, dynamoDb)
  testWayRound(cosmos, dynamoDb, firestoreStore)

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

const deep = (levels: number): Json => (levels === 0 ? 'leaf' : { in: deep(levels - 1) })

/** Something that one store cannot hold, somewhere in a document that it could hold otherwise. */
function testRefusals<Native>(home: Store<Native>): void {
  it(`of ${home.name} with something that Firestore cannot hold is refused with type, key and the field`, () => {
    const names = fc.array(fc.constantFrom('a.b', 'id', 'ž 🐎', '0', 'constructor'), { minLength: 1, maxLength: 5 })
    const tooMuch = fc.constantFrom(deep(20), { ['ž'.repeat(751)]: 1 })
    fc.assert(
      fc.property(home.fields, names, tooMuch, (fields, path, odd) => {
        const [top = '', ...inner] = path
        const value = inner.reduceRight<Json>((within, name) => ({ [name]: within, beside: 1 }), odd)
        const document = { ...home.toPortable(fields), [top]: value }
        expect(() => firestoreStore.fromPortable(document)).toThrow(
          expect.objectContaining({
            name: 'ValueRefused',
            ref,
            field: expect.toSatisfy((field: string) => field.startsWith(`${path.join('.')}.`)),
          }),
        )
        // The others hold it: nobody else's copy is spoiled by it.
        expect(canonicalText(cosmos.toPortable(cosmos.fromPortable(document)))).toBe(canonicalText(document))
      }),
      { numRuns: 200 },
    )
  })
}

describe('a document', () => {
  testRefusals(dynamoDb)
  testRefusals(cosmos)
})

const travellingPlan = defineSync({
  sites: threeSites,
  data: {
    wholes: { key: ['thing_id'], merge: register() },
    parts: { key: ['thing_id'], merge: fields({ declared: register() }) },
  },
})

/** Written at the first site, then as `next` at the second one, then deleted at the third: at every site after each. */
async function travels(type: string, document: Document, next: Document): Promise<void> {
  const sites = [awsSite, gcpSite, azureSite].map(site => new MemorySite(travellingPlan, site))
  const at = { type, key: ['it'] }
  for (const [index, written] of [document, next, undefined].entries()) {
    sites[index]?.write(at, written)
    await settle(sites)
    expect(sites.map(site => textOf(site.document(at)))).toEqual(sites.map(() => textOf(written)))
  }
}

const textOf = (document: Document | undefined) => document && canonicalText(document)

/** What is stored for a document, put on the bus and sent is text of our own making: it, too, has to hold everything. */
describe.each(['wholes', 'parts'])('in sync records, on the bus and between sites, by %s', type => {
  function testTravel<Native>(home: Store<Native>): void {
    it(`a document of ${home.name} is at every site as it was written`, async () => {
      await fc.assert(
        fc.asyncProperty(home.fields, home.fields, (fields, next) =>
          travels(type, home.toPortable(fields), home.toPortable(next)),
        ),
        { numRuns: 100 },
      )
    })
  }
  testTravel(dynamoDb)
  testTravel(firestoreStore)
  testTravel(cosmos)
})
