import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createShardReader, type IteratorCalls, type ShardPage } from '../../tools/local/aws/shard-reader.ts'
import type { ShardPosition } from '../../tools/local/aws/stream-source.ts'

const record = (sequenceNumber: string) => ({ sequenceNumber, arrivedAtMs: 0, event: {} })
const page = (sequenceNumbers: readonly string[], nextIterator: string | undefined, atTip = true): ShardPage => ({
  records: sequenceNumbers.map(record),
  nextIterator,
  atTip,
})
const failure = (name: string) => Object.assign(new Error(name), { name })

/** Answers by iterator; remembers where iterators were taken. */
function shardOf(pages: Record<string, ShardPage | Error>, iterators: string[]) {
  const taken: ShardPosition[] = []
  const calls: IteratorCalls = {
    async takeIterator(position) {
      taken.push(position)
      return iterators.shift()
    },
    async readPage(iterator) {
      const answer = pages[iterator]
      if (!answer || answer instanceof Error) throw answer ?? new Error(`no page at ${iterator}`)
      return answer
    },
  }
  return { calls, taken, pages }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the reader of a shard', () => {
  it('does not lose a record that becomes visible behind the iterator of an empty answer', async () => {
    const { calls, pages } = shardOf({ i0: page([], 'past-it') }, ['i0'])
    const reader = createShardReader(calls, 'TRIM_HORIZON')
    await reader.read(10)
    await reader.read(10)
    pages.i0 = page(['late'], 'i1')
    expect(await reader.read(10)).toEqual({ records: [record('late')], ended: false })
  })

  it('sees the end of a closed shard, which only a later iterator shows', async () => {
    const { calls } = shardOf({ i0: page([], 'i1'), i1: page([], undefined) }, ['i0'])
    const reader = createShardReader(calls, 'TRIM_HORIZON')
    let reads = 0
    for (let ended = false; !ended && reads < 100; reads++) {
      ended = (await reader.read(10)).ended
      vi.advanceTimersByTime(100)
    }
    expect(reads).toBeGreaterThan(10)
    expect(reads).toBeLessThan(20)
    expect(await reader.read(10)).toEqual({ records: [], ended: true })
  })

  it('follows empty answers at once where there is more behind them', async () => {
    const { calls } = shardOf({ i0: page([], 'i1', false), i1: page(['a'], 'i2', false) }, ['i0'])
    const reader = createShardReader(calls, 'TRIM_HORIZON')
    await reader.read(10)
    expect((await reader.read(10)).records).toEqual([record('a')])
  })

  it.each<[string, ShardPosition, readonly string[], ShardPosition]>([
    ['behind the last record', 'TRIM_HORIZON', ['a', 'b'], { after: 'b' }],
    ['at the horizon when it began at LATEST and has read nothing', 'LATEST', [], 'TRIM_HORIZON'],
  ])('takes an expired iterator anew %s', async (_, start, first, again) => {
    const pages = { i0: page(first, 'i1', false), i1: failure('ExpiredIteratorException'), i2: page(['c'], 'i3') }
    const { calls, taken } = shardOf(pages, ['i0', 'i2'])
    const reader = createShardReader(calls, start)
    await reader.open()
    await reader.read(10)
    expect(await reader.read(10)).toEqual({ records: [], ended: false })
    expect((await reader.read(10)).records).toEqual([record('c')])
    expect(taken).toEqual([start, again])
  })

  it('goes on at the oldest record when its place has been trimmed', async () => {
    const pages = { i0: failure('TrimmedDataAccessException'), i1: page(['a'], 'i2') }
    const { calls, taken } = shardOf(pages, ['i0', 'i1'])
    const reader = createShardReader(calls, { after: 'long ago' })
    await reader.read(10)
    expect((await reader.read(10)).records).toEqual([record('a')])
    expect(taken).toEqual([{ after: 'long ago' }, 'TRIM_HORIZON'])
  })

  it('tells of any other failure and reads on from the same place', async () => {
    const { calls, pages, taken } = shardOf({ i0: failure('InternalServerError') }, ['i0'])
    const reader = createShardReader(calls, 'TRIM_HORIZON')
    await expect(reader.read(10)).rejects.toThrow('InternalServerError')
    pages.i0 = page(['a'], 'i1')
    expect((await reader.read(10)).records).toEqual([record('a')])
    expect(taken).toEqual(['TRIM_HORIZON'])
  })
})
