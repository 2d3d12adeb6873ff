/** Who reads the plan before deploying decides by it: it must name what is dangerous, and nothing that did not change. */
import { describe, expect, it } from 'vitest'
import { type Declaration, defineSync, register } from '../../shared/declare/index.ts'
import { changeWords, siteWords } from '../../tools/cli/plan-words.ts'

const sites: Declaration['sites'] = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
}
const carts: Declaration['data'][string] = { key: ['customer_id'], merge: register() }
const before = defineSync({ sites, data: { carts } })
const hashDiffers = expect.stringContaining('another hash')

describe('a site in words', () => {
  it('has its functions, where its types lie, and what is still missing', () => {
    const [aws] = siteWords(before)
    expect(aws).toEqual({
      site: 'aws-us-east-1',
      lines: [
        'aws, us-east-1',
        'carts: table carts; key customer_id; tier 2; register; at every site',
        'functions: capture, publish, tributary-forward-gcp-us-central1, ingest, prune',
        'peers: gcp-us-central1',
        expect.stringContaining('not declared yet'),
        expect.stringContaining('first, to be made'),
      ],
    })
  })
})

describe('what changed', () => {
  it('is nothing where nothing did', () => {
    expect(changeWords(before, defineSync({ sites, data: { carts } }))).toEqual([])
  })

  it('names another key as what it is: another table', () => {
    const after = defineSync({ sites, data: { carts: { ...carts, key: ['cart_id'] } } })
    expect(changeWords(before, after)).toEqual([
      'type carts: key was ["customer_id"], is ["cart_id"]: another key means another table: the items have to be moved',
      expect.stringMatching(/^type carts: at was /),
      hashDiffers,
    ])
  })

  it('names sites and types that came and went, and that sites wait for each other', () => {
    const after = defineSync({
      sites: {
        'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
        'azure-eastus': { cloud: 'azure', region: 'eastus' },
      },
      data: { orders: carts },
    })
    expect(changeWords(before, after)).toEqual([
      expect.stringMatching(/^site gcp-us-central1 is gone: /),
      expect.stringMatching(/^site azure-eastus is new: /),
      expect.stringMatching(/^type carts is gone: /),
      expect.stringMatching(/^type orders is new: /),
      hashDiffers,
    ])
  })

  it('of an address holds up nobody: the hash is the same', () => {
    const known = {
      ...sites,
      'aws-us-east-1': { cloud: 'aws' as const, region: 'us-east-1', ingest: 'https://a.example/' },
    }
    expect(changeWords(before, defineSync({ sites: known, data: { carts } }))).toEqual([
      'site aws-us-east-1: ingest was not set, is "https://a.example/": its peers deliver there',
    ])
  })
})
