/** In cloud timing no trigger delivers before its cloud would, however loudly a doorbell rings. Time is a fake one here. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startEventSourceMapping } from '../../tools/local/aws/event-source-mapping.ts'
import type { EventSourceMappingOptions } from '../../tools/local/aws/mapping-options.ts'
import type { StreamRecord } from '../../tools/local/aws/stream-source.ts'
import { PollDelay } from '../../tools/local/azure/poll-delay.ts'
import { feedPace, triggerPaces } from '../../tools/local/azure/trigger-pace.ts'
import { cloudTiming } from '../../tools/local/cloud-timing.ts'
import { EventDelivery } from '../../tools/local/gcp/event-delivery.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { Doorbell } from '../../tools/local/runtime/doorbell.ts'

const never = new AbortController().signal

beforeEach(() => {
  vi.useFakeTimers()
  // Pollers begin anywhere in their interval: here at once.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Lets so much time go by, and everything happen that is due in it. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

describe('a mapping of Lambda', () => {
  const readEveryMs = cloudTiming.aws.dynamoDbStreamMs

  /** On a stream of one shard in memory. */
  async function start(options: Partial<EventSourceMappingOptions>) {
    const stored: StreamRecord[] = []
    const delivered: unknown[][] = []
    let reads = 0
    let next = 0
    const doorbell = new Doorbell()
    const mapping = await startEventSourceMapping({
      source: {
        streamArn: 'arn',
        batchInfoName: 'DDBStreamBatchInfo',
        shards: async () => [{ id: 'shard', parentIds: [] }],
        reader: () => ({
          open: async () => undefined,
          read: async limit => {
            reads += 1
            const records = stored.slice(next, next + limit)
            next += records.length
            return { records, ended: false }
          },
        }),
      },
      functionArn: 'arn',
      invoke: async ({ Records }) => void delivered.push([...Records]),
      startingPosition: 'TRIM_HORIZON',
      doorbell,
      ...options,
    })
    onTestFinished(async () => {
      await mapping.stop()
    })
    const write = (...events: readonly string[]) => {
      for (const event of events) stored.push({ sequenceNumber: event, arrivedAtMs: Date.now(), event })
      doorbell.ring()
    }
    // Its first read finds nothing.
    await pass(0)
    return { write, delivered, reads: () => reads }
  }

  test('reads when the interval is over and not when it rings', async () => {
    const { write, delivered } = await start({ readEveryMs })
    write('a')
    await pass(readEveryMs - 1)
    expect(delivered).toEqual([])
    await pass(1)
    expect(delivered).toEqual([['a']])
    // Nor right behind a delivery: the service's pace goes on.
    write('b')
    await pass(readEveryMs - 1)
    expect(delivered).toEqual([['a']])
    await pass(1)
    expect(delivered).toEqual([['a'], ['b']])
  })

  test('keeps its pace while nothing comes', async () => {
    const { reads } = await start({ readEveryMs })
    const before = reads()
    await pass(10 * readEveryMs)
    expect(reads() - before).toBe(10)
  })

  test('begins anywhere in its interval, so that mappings behind each other are not in step', async () => {
    vi.mocked(Math.random).mockReturnValue(0.5)
    const { reads } = await start({ readEveryMs })
    expect(reads()).toBe(0)
    await pass(readEveryMs / 2)
    expect(reads()).toBe(1)
  })

  test('takes at once what a full batch left behind', async () => {
    const { write, delivered } = await start({ readEveryMs, batchSize: 2 })
    write('a', 'b', 'c')
    await pass(readEveryMs)
    expect(delivered).toEqual([['a', 'b'], ['c']])
  })

  test('in fast timing a ring is enough', async () => {
    const { write, delivered } = await start({})
    await pass(10_000)
    write('a')
    await pass(0)
    expect(delivered).toEqual([['a']])
  })
})

describe('a trigger of the Functions host', () => {
  /** Between looks that find nothing. */
  async function firstWaits(delay: PollDelay): Promise<readonly number[]> {
    const waits: number[] = []
    for (let look = 1; look <= 5; look++) {
      const sinceMs = Date.now()
      const waited = delay.wait(never)
      await vi.advanceTimersToNextTimerAsync()
      await waited
      waits.push(Date.now() - sinceMs)
    }
    return waits
  }

  test('looks into its queue after waits that double up to what host.json allows', async () => {
    const delay = new PollDelay(triggerPaces.cloud, { limitMs: 500 })
    expect(await firstWaits(delay)).toEqual([100, 200, 400, 500, 500])
  })

  test('looks into its change feed as often as the function declares', async () => {
    const delay = new PollDelay(feedPace(triggerPaces.cloud, 2_000))
    expect(await firstWaits(delay)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000])
  })
})

test('a trigger of Google Cloud hands an event over after its latency', async () => {
  let calls = 0
  const delivery = new EventDelivery({
    name: 'capture',
    cloudFunction: {
      request: async () => {
        calls += 1
        return { status: 204, headers: {}, body: Buffer.alloc(0) }
      },
    },
    maxInFlight: 1,
    latencyMs: cloudTiming.gcp.firestoreEventMs,
    faults: noFaults(),
    random: () => 0.5,
    onLog: () => undefined,
  })
  const request = { method: 'POST', path: '/', headers: {} }
  // Both are on their way at the same time, though the function takes one.
  const outcomes = Promise.all([delivery.attempt(request), delivery.attempt(request)])
  await pass(cloudTiming.gcp.firestoreEventMs - 1)
  expect(calls).toBe(0)
  await pass(1)
  expect(await outcomes).toEqual(['delivered', 'delivered'])
})
