/** What another declaration would have made of conflicts that were: told where it can be told, and nowhere else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authority, counter, defineSync, fields, highest, register, set } from '../../shared/declare/index.ts'
import type { DocumentDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import { isResolution } from '../../shared/replicate/audit-entry.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { replayResolution } from '../../tools/replay/replay-resolution.ts'
import { MemorySite, settle } from './memory-site.ts'

const aws = 'aws-us-east-1'
const gcp = 'gcp-us-central1'
const ref = { type: 'things', key: ['a'] }

function planOf(merge: DocumentDescriptor) {
  return defineSync({
    sites: { [aws]: { cloud: 'aws', region: 'us-east-1' }, [gcp]: { cloud: 'gcp', region: 'us-central1' } },
    data: { things: { key: ['id'], merge } },
  })
}

/** Both sites have `before`; then each writes its own, the second one a second later. */
async function meet(merge: DocumentDescriptor, before: Document | undefined, one: Document, two: Document) {
  const plan = planOf(merge)
  const sites = [new MemorySite(plan, aws), new MemorySite(plan, gcp, 'transactional')] as const
  if (before) sites[0].write(ref, before)
  await settle(sites)
  for (const [index, document] of [one, two].entries()) {
    for (const site of sites) site.clock.nowMs += 1000
    sites[index]?.write(ref, document)
    await sites[index]?.work()
  }
  await settle(sites)
  return sites.flatMap(({ audit }) => [...audit.entries.values()].filter(isResolution))
}

async function replayed(
  merge: DocumentDescriptor,
  other: DocumentDescriptor,
  [before, one, two]: readonly [Document | undefined, Document, Document],
) {
  return (await meet(merge, before, one, two)).map(resolution => {
    const { site } = resolution
    return replayResolution(resolution, {
      present: createHere(planOf(merge), site),
      other: createHere(planOf(other), site),
    })
  })
}

const both = <Value>(value: Value) => [value, value]

describe('a document that is one value', () => {
  const versions = [{ v: 1 }, { v: 9, t: 'first' }, { v: 2, t: 'second' }] as const

  it('where the latest won: the highest would have, or the one of a site', async () => {
    const outcome = { v: 9, t: 'first' }
    expect(await replayed(register(), highest({ by: 'v' }), versions)).toEqual(both({ result: 'changed', outcome }))
    expect(await replayed(register(), authority({ primary: aws }), versions)).toEqual(
      both({ result: 'changed', outcome }),
    )
    expect(await replayed(register(), authority({ primary: gcp }), versions)).toEqual(both({ result: 'same' }))
  })

  it('as fields: what each side changed is not known, and it says so', async () => {
    const results = await replayed(register(), fields(), versions)
    expect(results).toEqual(both({ result: 'cannot tell', reason: expect.stringContaining('what stood there before') }))
  })
})

describe('fields', () => {
  const versions = [
    { n: 10, a: 1, b: 1 },
    { n: 12, a: 2, b: 1 },
    { n: 15, a: 1, b: 2 },
  ] as const

  it('that were merged one by one: as one value the later side would have won whole', async () => {
    const results = await replayed(fields({ n: counter() }), register(), versions)
    // Told of the part that the arriving writes touched.
    expect(results).toEqual([
      { result: 'changed', outcome: { n: 15, b: 2 } },
      { result: 'changed', outcome: { n: 15, a: 1 } },
    ])
  })

  it('of which one was a sum: as a plain value the later one would stand', async () => {
    const results = await replayed(fields({ n: counter() }), fields(), versions)
    expect(results).toEqual([
      { result: 'changed', outcome: { n: 15, b: 2 } },
      { result: 'changed', outcome: { n: 15, a: 2 } },
    ])
  })

  it('of which one was a plain value written by both: its sum is not known', async () => {
    const results = await replayed(fields(), fields({ n: counter() }), versions)
    expect(results.map(({ result }) => result)).toEqual(both('cannot tell'))
  })

  it('where nothing depends on what was changed: the same', async () => {
    const results = await replayed(fields({ n: counter() }), fields({ n: counter(), a: highest() }), versions)
    expect(results).toEqual(both({ result: 'same' }))
  })
})

it('elements of a set that each side changed: as one value one of them is lost, which the touched part cannot tell', async () => {
  const merge = fields({ items: set(fields({ quantity: counter() })) })
  const versions = [
    { items: { tea: { quantity: 1 } } },
    { items: { tea: { quantity: 1 }, mug: { quantity: 1 } } },
    { items: { tea: { quantity: 4 } } },
  ] as const
  const results = await replayed(merge, fields(), versions)
  expect(results.map(({ result }) => result)).toEqual(both('cannot tell'))
  expect(await replayed(merge, merge, versions)).toEqual(both({ result: 'same' }))
})

it('under the declaration that decided, nothing ever changes, and most can be told', async () => {
  const value = fc.record({ n: fc.integer({ min: 0, max: 5 }), a: fc.constantFrom('x', 'y', 'z') })
  const merges = [register(), fields(), fields({ n: counter() }), highest({ by: 'n' }), fields({ a: set(register()) })]
  let told = 0
  let all = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...merges),
      fc.option(value, { nil: undefined }),
      value,
      value,
      async (merge, ...documents) => {
        const results = await replayed(merge, merge, documents)
        expect(results.filter(({ result }) => result === 'changed')).toEqual([])
        all += results.length
        told += results.filter(({ result }) => result === 'same').length
      },
    ),
    { numRuns: 200, seed: 7 },
  )
  expect(told / all).toBeGreaterThan(0.8)
})
