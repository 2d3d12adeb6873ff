/** A change that is read differently from how it was written would merge something that nobody did. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counterOf, type VersionVector } from '../../shared/causality/version-vector.ts'
import { type Change, changeId } from '../../shared/replicate/change.ts'
import { changeEventOf, decodeChange, readChangeEvent } from '../../shared/replicate/change-event.ts'
import { ChangeMalformed } from '../../shared/replicate/event-fields.ts'
import { NamedCells } from '../../shared/resolve/named-cells.ts'
import { startMs } from './memory-site.ts'

const sites = fc.constantFrom('aws-us-east-1', 'gcp-us-central1', 'azure-eastus')
const vectors = fc.dictionary(sites, fc.integer({ min: 1 }))
const states = fc.constantFrom(undefined, {
  present: [['aws-us-east-1', startMs]] as const,
  cells: NamedCells.of({ document: [['aws-us-east-1', startMs, startMs * 1000, { title: 'Tee ☕', price: 0.1 }]] }),
})

const anyChanges: fc.Arbitrary<Change> = fc.record({
  type: fc.constantFrom('carts', 'products'),
  key: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 2 }),
  origin: sites,
  plan: fc.constant('SK7XWEhO-41FZETy'),
  operation: fc.constantFrom('create' as const, 'update' as const, 'delete' as const),
  vector: vectors,
  hlc: fc.nat().map(ticks => startMs * 1000 + ticks),
  asOfMs: fc.nat().map(ms => startMs + ms),
  intervals: fc.array(fc.record({ from: fc.nat(), to: fc.integer({ min: 1 }), seen: vectors }), { maxLength: 2 }),
  state: states,
})

/** What was seen before a capture is part of what the change takes into account, and so is every write in its state. */
const changes = anyChanges.map(change => ({
  ...change,
  vector: change.state ? { ...change.vector, 'aws-us-east-1': startMs } : change.vector,
  intervals: change.intervals.map(interval => ({ ...interval, seen: within(interval.seen, change.vector) })),
}))

function within(seen: VersionVector, vector: VersionVector): VersionVector {
  const known = Object.entries(seen).filter(([site]) => counterOf(vector, site) > 0)
  return Object.fromEntries(known.map(([site, counter]) => [site, Math.min(counter, counterOf(vector, site))]))
}

const sample: Change = {
  type: 'carts',
  key: ['alice', 'a/b'],
  origin: 'aws-us-east-1',
  plan: 'SK7XWEhO-41FZETy',
  operation: 'create',
  vector: { 'aws-us-east-1': startMs },
  hlc: startMs * 1000,
  asOfMs: startMs,
  intervals: [{ from: 0, to: startMs, seen: {} }],
  state: { present: [['aws-us-east-1', startMs]], cells: NamedCells.none },
}

describe('a change event', () => {
  it('reads back as the change it was made from', () => {
    fc.assert(
      fc.property(changes, change => {
        const { text } = changeEventOf(change)
        const read = readChangeEvent(text)
        expect(read.text).toBe(text)
        expect(JSON.stringify(read.change.key)).toBe(JSON.stringify(change.key))
        expect({ ...read.change, key: change.key }).toEqual(change)
      }),
      { numRuns: 1000 },
    )
  })

  it('is a CloudEvent 1.0 that any broker can route', () => {
    expect(JSON.parse(changeEventOf(sample).text)).toMatchObject({
      specversion: '1.0',
      id: `aws-us-east-1/carts/alice|a%2Fb/${startMs}/delta`,
      source: '/sites/aws-us-east-1',
      type: 'data.create',
      subject: 'carts/alice|a%2Fb',
      time: '2026-03-14T15:09:26.535Z',
      datacontenttype: 'application/json',
    })
  })

  it('has one id for every delivery of it, and another one as a whole state', () => {
    expect(changeId(sample)).toBe(changeId({ ...sample, plan: 'other' }))
    expect(changeId(sample)).not.toBe(changeId({ ...sample, intervals: [] }))
    expect(changeId(sample)).not.toBe(changeId({ ...sample, vector: { 'aws-us-east-1': startMs + 1 } }))
  })
})

describe('what is no change event is refused, and the refusal says why', () => {
  const event = JSON.parse(changeEventOf(sample).text)
  const withData = (data: object) => ({ ...event, data: { ...event.data, ...data } })
  it.each<[string, unknown, string]>([
    ['nothing', null, 'expected object'],
    ['a text', 'hello', 'expected object'],
    ['an array', [event], 'expected object'],
    ['another version', { ...event, specversion: '0.3' }, 'specversion'],
    ['a source that is no site', { ...event, source: 'https://example.org' }, 'source'],
    ['an unknown type', { ...event, type: 'data.upsert' }, 'type'],
    ['no data', { ...event, data: undefined }, 'data'],
    ['an empty type', withData({ type: '' }), 'data.type'],
    ['a key that is a text', withData({ key: 'alice' }), 'data.key'],
    ['no key part', withData({ key: [] }), 'data.key'],
    ['an empty key part', withData({ key: [''] }), 'data.key'],
    ['no plan', withData({ plan: undefined }), 'data.plan'],
    ['a vector with a fraction', withData({ vector: [1.5] }), 'data.vector'],
    ['a vector with a text', withData({ vector: ['1'] }), 'data.vector'],
    ['a vector that counts down', withData({ vector: [-1] }), 'data.vector'],
    ['a vector of a site that is not named', withData({ vector: [1, 1] }), 'site 1 is not in the table'],
    ['writes that are no numbers', withData({ stamps: ['0', 1, 2] }), 'data.stamps'],
    ['a state that speaks of a write that is not named', withData({ state: [[7], {}] }), 'write 7 is not in the table'],
    ['a state that is an object', withData({ state: {} }), 'a cell is null or an array'],
    ['a state that is one register', withData({ state: [0, 'x'] }), 'the outermost cell has named cells'],
    ['half a register', withData({ shapes: [['a']], state: [[0], 0, [0]] }), 'pairs of write and value'],
    ['a slot of words', withData({ shapes: [['a']], state: [[0], 0, [[0], [0, 'many']]] }), 'four amounts'],
    ['names that are not named', withData({ state: [[0], 7] }), 'list of names 7 is not in the table'],
    ['a name without a cell', withData({ shapes: [['a', 'b']], state: [[0], 0, null] }), 'one cell for each name'],
    ['a cell without a name', withData({ shapes: [['a']], state: [[0], 0, null, null] }), 'one cell for each name'],
    ['a name twice', withData({ shapes: [['a', 'a']] }), 'names in their order'],
    ['names that are numbers', withData({ shapes: [[1, 2]] }), 'names in their order'],
    ['names that are no list', withData({ shapes: ['ab'] }), 'names in their order'],
    ['half a write', withData({ stamps: [1, 0] }), 'write'],
    ['a write of no whole number', withData({ stamps: [0, 0.5] }), 'write'],
    ['a write that the vector does not know', withData({ stamps: [0, -1] }), 'data.stamps'],
    ['a stamp after the latest', withData({ stamps: [1, 0, -1] }), 'data.stamps'],
    ['a write of a site that is not named', withData({ stamps: [9, 0] }), 'site 3 is not in the table'],
    ['a stamp that is late beyond all measure', withData({ stamps: [2, 0, 0, 100] }), 'write'],
    ['a stamp that is late in parts', withData({ stamps: [2, 0, 0, 0.5] }), 'write'],
    ['a stamp that no number holds', withData({ hlc: 2 ** 53 }), 'data.hlc'],
    ['intervals without an end', withData({ intervals: [[0, 'later', []]] }), 'data.intervals'],
    ['more intervals than a record holds', withData({ intervals: Array(11).fill([0, 1, []]) }), 'data.intervals'],
  ])('%s', (_, malformed, where) => {
    expect(() => decodeChange(malformed)).toThrow(ChangeMalformed)
    expect(() => decodeChange(malformed)).toThrow(where)
    expect(() => readChangeEvent(JSON.stringify(malformed))).toThrow(ChangeMalformed)
  })

  it('a text that is no JSON', () => {
    expect(() => readChangeEvent('{"specversion":')).toThrow(new ChangeMalformed('the event is no JSON'))
  })

  it('whatever comes, the answer is a change or ChangeMalformed', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.jsonValue().map(data => ({ ...event, data })),
      fc.jsonValue().map(state => withData({ state })),
    )
    fc.assert(
      fc.property(anything, malformed => {
        try {
          expect(decodeChange(malformed)).toHaveProperty('origin')
        } catch (error) {
          expect(error).toBeInstanceOf(ChangeMalformed)
        }
      }),
    )
  })
})
