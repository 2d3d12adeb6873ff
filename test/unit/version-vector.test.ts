/** What a site has seen decides what it applies: a wrong word here loses writes or applies them twice. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advance,
  type Causality,
  compare,
  counterOf,
  covers,
  includes,
  joinVectors,
  type VersionVector,
} from '../../shared/causality/version-vector.ts'

const vectors: fc.Arbitrary<VersionVector> = fc.dictionary(fc.constantFrom('aws', 'gcp', 'azure'), fc.nat(3))

const opposite: Readonly<Record<Causality, Causality>> = {
  before: 'after',
  after: 'before',
  equal: 'equal',
  concurrent: 'concurrent',
}

describe('two vectors', () => {
  it.each<[VersionVector, VersionVector, Causality]>([
    [{}, {}, 'equal'],
    [{ aws: 2 }, { aws: 2 }, 'equal'],
    [{}, { gcp: 0 }, 'equal'],
    [{}, { aws: 1 }, 'before'],
    [{ aws: 1 }, { aws: 2 }, 'before'],
    [{ aws: 2, gcp: 1 }, { aws: 2 }, 'after'],
    [{ aws: 2 }, { gcp: 1 }, 'concurrent'],
    [{ aws: 2, gcp: 1 }, { aws: 1, gcp: 2 }, 'concurrent'],
  ])('%j and %j: %s', (a, b, word) => {
    expect(compare(a, b)).toBe(word)
    expect(compare(b, a)).toBe(opposite[word])
  })

  it('join to the least that includes both', () => {
    fc.assert(
      fc.property(vectors, vectors, vectors, (a, b, c) => {
        const joined = joinVectors(a, b)
        expect(includes(joined, a) && includes(joined, b)).toBe(true)
        if (includes(c, a) && includes(c, b)) expect(includes(c, joined)).toBe(true)
        expect(compare(joined, joinVectors(b, a))).toBe('equal')
      }),
    )
  })
})

describe('one vector', () => {
  it('covers a write and all before it, and nothing after it', () => {
    const vector = advance({ aws: 4, gcp: 1 }, ['aws', 7])
    expect(vector).toEqual({ aws: 7, gcp: 1 })
    expect([6, 7, 8].map(counter => covers(vector, ['aws', counter]))).toEqual([true, true, false])
    expect(covers(vector, ['azure', 1])).toBe(false)
    expect(counterOf(vector, 'azure')).toBe(0)
  })
})
