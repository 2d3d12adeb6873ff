/** What has been written stays: documents and entries that applications change all the same, at one site or at several. */
import { describe, expect, it } from 'vitest'
import { appendOnly, fields, set } from '../../shared/declare/index.ts'
import type { Document } from '../../shared/document/json.ts'
import { arbitrationsAt, ThreeSites, thing } from './three-sites.ts'

const kinds = ['transactional', 'versioned', 'batched'] as const

describe.each(kinds)('an append-only document on a %s store', kind => {
  const receipt = { total: 12, lines: ['tea', 'mug'] }

  it('a change is undone, and the audit keeps the whole of it, flagged', async () => {
    const sites = new ThreeSites(appendOnly(), { kind })
    await sites.begin(receipt)
    sites.gcp.write(thing, { ...receipt, total: 13 })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => receipt))
    expect(arbitrationsAt(sites.gcp)).toMatchObject([
      { path: [], rule: 'first-write-stays', review: true, lost: [{ value: { ...receipt, total: 13 } }] },
    ])
  })

  it('a deletion is undone', async () => {
    const sites = new ThreeSites(appendOnly(), { kind })
    await sites.begin(receipt)
    sites.azure.write(thing, undefined)
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => receipt))
    expect(arbitrationsAt(sites.azure)).toMatchObject([{ path: [], rule: 'first-write-stays', review: true }])
  })

  it('of three creations the first stays everywhere, and every site has the others in its audit, flagged', async () => {
    const sites = new ThreeSites(appendOnly(), { kind })
    await sites.atOnce([{ total: 1 }, 9], [{ total: 2 }, 1], [{ total: 3 }, 5])
    expect(sites.documents).toEqual(sites.all.map(() => ({ total: 2 })))
    for (const site of sites.all) {
      const lost = arbitrationsAt(site).flatMap(({ lost = [] }) => lost.map(({ value }) => value))
      expect(lost).toEqual(expect.arrayContaining([{ total: 1 }, { total: 3 }]))
      expect(arbitrationsAt(site).every(({ rule, review }) => rule === 'first-write-stays' && review)).toBe(true)
    }
  })

  it('the same content written twice is no violation', async () => {
    const sites = new ThreeSites(appendOnly(), { kind })
    await sites.atOnce([receipt, 9], [receipt, 1])
    expect(sites.documents).toEqual(sites.all.map(() => receipt))
    expect(sites.all.flatMap(arbitrationsAt).map(({ review }) => review)).not.toContain(true)
  })

  it('what its time to live has removed stays away, and another one may begin in its place', async () => {
    const sites = new ThreeSites(appendOnly(), { kind, expires: 'until' })
    const nowS = () => Math.floor(sites.aws.clock.nowMs / 1000)
    await sites.begin({ total: 1, until: nowS() + 60 })
    for (const site of sites.all) site.clock.nowMs += 120_000
    sites.aws.write(thing, undefined)
    await sites.settle()
    expect(sites.aws.document(thing)).toBeUndefined()
    expect(arbitrationsAt(sites.aws)).toEqual([])
    const next = { total: 2, until: nowS() + 60 }
    sites.aws.write(thing, next)
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => next))
  })
})

describe.each(kinds)('append-only entries on a %s store', kind => {
  const merge = fields({ log: appendOnly() })
  const a = { by: 'ann', sum: 1 }
  const b = { by: 'bob', sum: 2 }

  it('entries of all sites are there, and all else of the document may change', async () => {
    const sites = new ThreeSites(merge, { kind })
    await sites.begin({ title: 'day', log: { a } })
    await sites.atOnce([{ title: 'day', log: { a, b } }, 1], [{ title: 'today', log: { a, c: 3 } }, 2])
    expect(sites.documents).toEqual(sites.all.map(() => ({ title: 'today', log: { a, b, c: 3 } })))
  })

  it('an entry that is changed or removed comes back, the others stand, and the audit has what was written', async () => {
    const sites = new ThreeSites(merge, { kind })
    await sites.begin({ log: { a, b } })
    sites.gcp.write(thing, { log: { a: { ...a, sum: 100 }, c: 3 } })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ log: { a, b, c: 3 } })))
    const violation = { rule: 'first-write-stays', review: true }
    expect(arbitrationsAt(sites.gcp)).toMatchObject([
      { ...violation, path: ['log', 'a'], lost: [{ value: { ...a, sum: 100 } }] },
      { ...violation, path: ['log', 'b'], lost: [{ value: null }] },
    ])
  })

  it('all of them come back if the whole map is removed', async () => {
    const sites = new ThreeSites(merge, { kind })
    await sites.begin({ title: 'day', log: { a, b } })
    sites.azure.write(thing, { title: 'night' })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ title: 'night', log: { a, b } })))
  })

  it('of one id written at three sites the first stays everywhere, and the others are flagged whole', async () => {
    const sites = new ThreeSites(merge, { kind })
    await sites.begin({ log: {} })
    await sites.atOnce([{ log: { x: 'late' } }, 9], [{ log: { x: 'first' } }, 1], [{ log: { x: 'second' } }, 5])
    expect(sites.documents).toEqual(sites.all.map(() => ({ log: { x: 'first' } })))
    for (const site of sites.all) {
      const found = arbitrationsAt(site).filter(({ path }) => path.join('.') === 'log.x')
      expect(found.every(({ rule, review }) => rule === 'first-write-stays' && review)).toBe(true)
      const lost = found.flatMap(({ lost = [] }) => lost.map(({ value }) => value))
      expect(lost).toEqual(expect.arrayContaining(['late', 'second']))
    }
    sites.aws.write(thing, { log: { x: 'late' } })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ log: { x: 'first' } })))
  })

  it('in elements of a set', async () => {
    const sites = new ThreeSites(fields({ accounts: set(fields({ log: appendOnly() })) }), { kind })
    const holding = (log: Document, note = 'n') => ({ accounts: { one: { note, log } } })
    await sites.begin(holding({ a }))
    sites.gcp.write(thing, holding({ b }, 'm'))
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => holding({ a, b }, 'm')))
  })

  it('go with their document when it is deleted, and do not come back with the next one', async () => {
    const sites = new ThreeSites(merge, { kind })
    await sites.begin({ log: { a } })
    sites.gcp.write(thing, undefined)
    await sites.settle()
    sites.gcp.write(thing, { log: { b } })
    await sites.settle()
    expect(sites.documents).toEqual(sites.all.map(() => ({ log: { b } })))
  })

  it('what is no map is a dead letter', async () => {
    const sites = new ThreeSites(merge, { kind })
    sites.aws.write(thing, { log: ['a'] })
    await sites.settle()
    expect([...sites.aws.deadLetters.letters.values()]).toMatchObject([{ field: 'log' }])
  })
})
