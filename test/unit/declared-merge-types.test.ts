/** What a declaration refuses of a merge, in words that say what to write instead. */
import { describe, expect, it } from 'vitest'
import {
  appendOnly,
  authority,
  bestFeed,
  counter,
  custom,
  type Declaration,
  DeclarationInvalid,
  defineSync,
  fields,
  highest,
  register,
  set,
  siblings,
} from '../../shared/declare/index.ts'
import { awsSite, gcpSite, threeSites } from './three-sites.ts'

type DataType = Declaration['data'][string]

function faultsOf(type: Pick<DataType, 'merge'> & Partial<DataType>): readonly string[] {
  try {
    defineSync({ sites: threeSites, data: { things: { key: ['id'], ...type } } })
    return []
  } catch (error) {
    if (error instanceof DeclarationInvalid) return error.faults
    throw error
  }
}

describe('a declaration', () => {
  it.each<[string, DataType['merge']]>([
    ['register({ review })', register({ review: true })],
    ['highest({ by })', highest({ by: 'version' })],
    ['siblings()', siblings()],
    ['authority({ primary })', authority({ primary: awsSite })],
    ['authority({ source })', authority({ source: 'from', sites: { kraken: gcpSite }, passive: 'accept' })],
    ['appendOnly()', appendOnly()],
    ['bestFeed({ venues })', bestFeed({ venues: ['kraken'], sites: { kraken: gcpSite } })],
    ['all of them inside', fields({ a: highest(), b: set(siblings()), c: appendOnly(), d: set(appendOnly()) })],
    ['an array of offers', fields({ offers: set(highest({ by: 'price' }), { by: 'shop' }) })],
  ])('takes %s', (_, merge) => {
    expect(faultsOf({ merge })).toEqual([])
  })

  it.each<[string, DataType['merge'], string]>([
    [
      'a primary that is no site',
      authority({ primary: 'aws-west' }),
      "data.things.merge.of.site: found 'aws-west'; allowed: aws-us-east-1, gcp-us-central1, azure-eastus",
    ],
    [
      'a source taken in at no site, deep inside',
      fields({ all: set(fields({ quote: authority({ source: 'from', sites: { okx: 'nowhere' } }) })) }),
      "data.things.merge.fields.all.element.fields.quote.of.sites.okx: found 'nowhere'; allowed: aws-us-east-1",
    ],
    ['no source at all', authority({ source: 'from', sites: {} }), 'at least one source: { <source>: SITE }'],
    ['a document that is compared with no field', highest(), 'highest({ by })'],
    ['a version that is none', custom('mine', { version: 0 }), 'a whole number from 1 on'],
    [
      'entries as elements of an array',
      fields({ log: set(appendOnly(), { by: 'id' }) }),
      'an element that is named by a field of its own is an object',
    ],
    [
      'a venue taken in at no site',
      bestFeed({ sites: { okx: 'nowhere' } }),
      "data.things.merge.sites.okx: found 'nowhere'; allowed: aws-us-east-1",
    ],
    ['feeds in the field for their name', bestFeed({ feeds: 'best' }), 'different fields for feeds and best'],
    ['one field for two things of a feed', bestFeed({ fields: { class: 'venue' } }), 'five different fields'],
    ['a counter as a document', counter(), 'a document is an object'],
  ])('refuses %s', (_, merge, words) => {
    expect(faultsOf({ merge }).join('\n')).toContain(words)
  })

  it('refuses a primary that does not hold the type', () => {
    expect(faultsOf({ merge: authority({ primary: gcpSite }), sites: [awsSite] })).toEqual([
      `data.things.merge.of.site: found '${gcpSite}'; allowed: ${awsSite}`,
    ])
  })

  it('refuses to take over tables with feeds: each tells its next value anyway', () => {
    expect(faultsOf({ merge: bestFeed(), adopt: true })).toEqual([
      'data.things.adopt: feeds begin empty; each tells its next value anyway',
    ])
  })

  it('takes the highest of concurrent expiries, and no sum of them', () => {
    expect(faultsOf({ merge: fields({ until: highest() }), expires: 'until' })).toEqual([])
    expect(faultsOf({ merge: fields({ until: counter() }), expires: 'until' })[0]).toContain("found 'until', a counter")
  })
})
