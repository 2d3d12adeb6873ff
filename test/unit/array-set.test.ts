/** A set written as an array: what applications get back when two sites change the same array at once. */
import { describe, expect, it } from 'vitest'
import { counter, defineSync, fields, register, set } from '../../shared/declare/index.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const plan = defineSync({
  sites: { 'aws-1': { cloud: 'aws', region: 'us-east-1' }, 'gcp-1': { cloud: 'gcp', region: 'us-central1' } },
  data: {
    orders: {
      key: ['id'],
      merge: fields({
        lines: set(fields({ quantity: counter() }), { by: 'sku' }),
        tags: set(register(), { by: 'id' }),
      }),
    },
  },
})

const ref = { type: 'orders', key: ['o-1'] }
const tea = (quantity: number) => ({ sku: 'tea', quantity, note: 'gift' })
const mug = { sku: 'mug', quantity: 1 }
const jam = { sku: 'jam', quantity: 1 }

async function sitesWith(lines: Json): Promise<readonly [MemorySite, MemorySite]> {
  const sites = [new MemorySite(plan, 'aws-1'), new MemorySite(plan, 'gcp-1')] as const
  sites[0].write(ref, { lines })
  await settle(sites)
  return sites
}

async function afterBoth(
  before: Json,
  first: Document | undefined,
  second: Document | undefined,
): Promise<Json | undefined> {
  const sites = await sitesWith(before)
  const [one, two] = sites
  one.write(ref, first)
  two.clock.nowMs = startMs + 1000
  two.write(ref, second)
  await settle(sites)
  expect(one.document(ref)).toEqual(two.document(ref))
  return one.document(ref)?.lines
}

describe('two sites change one array at once', () => {
  it('both change one element: amounts add up', async () => {
    expect(await afterBoth([tea(2), mug], { lines: [tea(4), mug] }, { lines: [tea(5), mug] })).toEqual([tea(7), mug])
  })

  it('both add elements: all are there, in the order of the later write', async () => {
    const found = await afterBoth([tea(2)], { lines: [tea(2), mug] }, { lines: [jam, tea(2)] })
    expect(found).toEqual([jam, tea(2), mug])
  })

  it('one removes what the other changes: the element stays, whole, with the concurrent part of its amount', async () => {
    expect(await afterBoth([tea(2), mug], { lines: [mug] }, { lines: [tea(5), mug] })).toEqual([mug, tea(3)])
  })

  it('one reorders what the other changes: both hold', async () => {
    expect(await afterBoth([tea(2), mug], { lines: [tea(3), mug] }, { lines: [mug, tea(2)] })).toEqual([mug, tea(3)])
  })

  it('one makes the document anew without the element: what the other added to it still has its name', async () => {
    const sites = await sitesWith([tea(2)])
    const [one, two] = sites
    one.write(ref, undefined)
    await one.capture(ref)
    one.write(ref, { state: 'new' })
    two.write(ref, { lines: [tea(5)] })
    await settle(sites)
    for (const site of sites) expect(site.document(ref)).toEqual({ state: 'new', lines: [{ sku: 'tea', quantity: 3 }] })
    one.write(ref, { state: 'new', lines: [{ sku: 'tea', quantity: 4 }] })
    await settle(sites)
    expect(two.document(ref)).toEqual({ state: 'new', lines: [{ sku: 'tea', quantity: 4 }] })
  })

  it('7 and "7" are two elements', async () => {
    const [seven, text] = [
      { sku: 7, quantity: 1 },
      { sku: '7', quantity: 2 },
    ]
    expect(await afterBoth([], { lines: [seven] }, { lines: [text] })).toEqual([text, seven])
  })
})

describe('an array that is no set is refused by the place where it fails', () => {
  const { record } = dataTypeOf(new MemorySite(plan, 'aws-1').here, 'orders')
  it.each<[string, Json, string, string]>([
    ['an object', {}, 'lines', "a set by 'sku' is an array"],
    [
      'an element without identity',
      [tea(1), { quantity: 1 }],
      'lines.1',
      "an element needs a string or number in 'sku'",
    ],
    [
      'an element with an identity that is null',
      [{ sku: null }],
      'lines.0',
      "an element needs a string or number in 'sku'",
    ],
    ['an element that is no object', ['tea'], 'lines.0', "an element needs a string or number in 'sku'"],
    ['two elements of one name', [mug, mug], 'lines.1', `a second element with 'sku' "mug"`],
    [
      'an element that does not fit',
      [{ sku: 'tea', quantity: '2' }],
      'lines.0.quantity',
      'a counter holds a number, not "2"',
    ],
  ])('%s', (_, lines, path, reason) => {
    expect(record.misfit({ lines })).toEqual({ path: path.split('.'), reason })
  })
})
