/** A load writes every record once or says why not, holds only a few in memory, and stops where it says it stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { parseKeySources } from '../../tools/load/key-sources.ts'
import { type LoadFailure, type LoadOptions, loadRecords } from '../../tools/load/load-records.ts'
import type { SourceRecord } from '../../tools/load/source-record.ts'
import type { NewDocument, StoreWriter } from '../../tools/load/store-writer.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'

const sku = { name: 'stock', key: ['sku'], keyTypes: ['string'] } as const
const numbered = { name: 'stock', key: ['sku'], keyTypes: ['number'] } as const
const stock = { name: 'stock', key: ['sku', 'place'], keyTypes: ['string', 'string'] } as const

function recordsOf(documents: readonly Item[]): readonly SourceRecord[] {
  return documents.map((document, index) => ({ place: `f:${index + 1}`, number: index + 1, document }))
}

type Put = StoreWriter['put']

interface Given extends Partial<Omit<LoadOptions, 'records' | 'keySources' | 'writer'>> {
  readonly records: Iterable<SourceRecord>
  readonly from?: readonly string[]
  readonly put?: Put
  readonly batchMax?: number
}

async function load({ records, from = [], type = sku, put, batchMax = 2, ...more }: Given) {
  const written: NewDocument[] = []
  const failures: LoadFailure[] = []
  async function* stream() {
    yield* records
  }
  const result = await loadRecords({
    type,
    records: stream(),
    keySources: parseKeySources(from, type.key),
    existing: 'fail',
    writer: {
      batchMax,
      put:
        put ??
        (async documents => {
          written.push(...documents)
          return documents.map(() => 'written')
        }),
    },
    concurrency: 2,
    onFailure: failure => failures.push(failure),
    onProgress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  })
  return {
    result,
    written: written.map(({ ref, document }) => [ref.key.join('|'), document]),
    failures: failures.map(({ place, key, reason }) => `${place} ${key ?? '-'} ${reason}`),
  }
}

test('records without a key, with one of another type or the key of an earlier record are told; the rest is written', async () => {
  const records = recordsOf([
    { sku: 'a' },
    { x: 1 },
    { sku: 5 },
    { sku: '' },
    { sku: null },
    { sku: 'a', x: 2 },
    { sku: 'b' },
  ])
  const { result, written, failures } = await load({ records })
  expect(written).toEqual([
    ['a', {}],
    ['b', {}],
  ])
  expect(result).toEqual({
    read: 7,
    written: 2,
    skipped: 0,
    failed: 5,
    upTo: 'f:7',
    interrupted: false,
    brokenOff: undefined,
  })
  expect(failures).toEqual([
    'f:2 - has no sku, its key (--key sku=column says where it is)',
    'f:3 - sku is a number; the declaration makes it a string (--key sku=sku takes its text)',
    'f:4 - sku is empty; a key is not',
    'f:5 - sku is null; the declaration makes it a string',
    'f:6 a a record before it in this file has the same key',
  ])
})

describe('--key', () => {
  test('a column becomes the key field and is left out; a number as its text, or as a number where the key is one', async () => {
    const records = recordsOf([{ id: 7, title: 'Tea' }])
    expect((await load({ records, from: ['sku=id'] })).written).toEqual([['7', { title: 'Tea' }]])
    expect((await load({ records, from: ['sku=id'], type: numbered })).written).toEqual([['7', { title: 'Tea' }]])
    expect((await load({ records, from: ['sku=title'], type: numbered })).failures).toEqual([
      "f:1 - sku is 'Tea', which is not a number",
    ])
  })

  test('a text of columns and the number of the record keeps the columns', async () => {
    const records = recordsOf([{ t: 'Tea', y: 1 }, { t: 'Tea' }, { t: 'Tea', y: [1] }])
    const { written, failures } = await load({ records, from: ['sku={t} ({y}) #{#}', 'place=shop'], type: stock })
    expect(written).toEqual([])
    expect(failures).toHaveLength(3)
    const made = await load({ records, from: ['sku={t} ({y}) #{#}'] })
    expect(made.written).toEqual([['Tea (1) #1', { t: 'Tea', y: 1 }]])
    expect(made.failures).toEqual([
      'f:2 - has no y, which its key is made of',
      'f:3 - y is an array; a key is made of strings and numbers',
    ])
  })

  test('the name of a record is its key, unless it says another', async () => {
    const records = ['tea', 'mug', 'pot'].map((name, index) => ({
      place: `f[${name}]`,
      number: index + 1,
      name,
      document: index === 0 ? {} : { sku: index === 1 ? 'mug' : 'other' },
    }))
    const { written, failures } = await load({ records })
    expect(written).toEqual([
      ['tea', {}],
      ['mug', {}],
    ])
    expect(failures).toEqual(['f[pot] - is named "pot", but its sku is "other"'])
  })

  test('a field that is no key, or no such form, is refused at once', () => {
    expect(() => parseKeySources(['name=x'], ['sku'])).toThrow("the key is sku; found 'name'")
    expect(() => parseKeySources(['sku'], ['sku'])).toThrow('field=column')
    expect(() => parseKeySources(['sku=a', 'sku=b'], ['sku'])).toThrow('twice')
  })
})

test('what the store refuses is told with its place; a call that throws fails its documents and no others', async () => {
  const records = recordsOf(['a', 'b', 'c', 'd', 'e'].map(name => ({ sku: name })))
  const put: Put = async documents => {
    if (documents.some(({ ref }) => ref.key[0] === 'c')) throw new Error('line cut')
    return documents.map(({ ref }) =>
      ref.key[0] === 'a' ? 'exists' : ref.key[0] === 'b' ? { failed: 'too large' } : 'written',
    )
  }
  const { result, failures } = await load({ records, put })
  expect(result).toMatchObject({ read: 5, written: 1, failed: 4 })
  expect([...failures].sort()).toEqual([
    'f:1 a exists already (--if-exists skip keeps it, overwrite replaces it)',
    'f:2 b too large',
    'f:3 c line cut',
    'f:4 d line cut',
  ])
  expect((await load({ records, put, existing: 'skip' })).result).toMatchObject({ skipped: 1, failed: 3 })
})

test('reading waits for writing: never more documents under way than the batches allow', async () => {
  let read = 0
  let done = 0
  let mostAhead = 0
  function* records() {
    for (; read < 100; read++) {
      mostAhead = Math.max(mostAhead, read - done)
      yield { place: `f:${read}`, number: read, document: { sku: `s${read}` } }
    }
  }
  const put: Put = async documents => {
    await sleep(1)
    done += documents.length
    return documents.map(() => 'written')
  }
  const { result } = await load({ records: records(), put, batchMax: 5, concurrency: 3 })
  expect(result.written).toBe(100)
  expect(mostAhead).toBeLessThanOrEqual(5 * 4)
})

test('interrupted: what was read is written, and the last of it is named', async () => {
  const stop = new AbortController()
  function* records() {
    for (let index = 1; index <= 100; index++) {
      if (index === 8) stop.abort()
      yield { place: `f:${index}`, number: index, document: { sku: `s${index}` } }
    }
  }
  const { result, written } = await load({ records: records(), signal: stop.signal })
  expect(result).toMatchObject({ interrupted: true, upTo: 'f:8', read: 8, written: 8 })
  expect(written.map(([key]) => key)).toEqual(['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'])
})

test('a file that breaks off is told, after what was read is written', async () => {
  function* records(): Generator<SourceRecord> {
    yield* recordsOf([{ sku: 'a' }])
    throw new Error('not UTF-8')
  }
  const { result, written } = await load({ records: records() })
  expect(result).toMatchObject({ brokenOff: 'not UTF-8', upTo: 'f:1', written: 1 })
  expect(written).toEqual([['a', {}]])
})
