/** The trigger's own rules, on a change feed in memory: what is delivered when, and when the position moves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { CosmosFeed } from '../../tools/local/azure/cosmos-feed.ts'
import { startCosmosTrigger } from '../../tools/local/azure/cosmos-trigger.ts'
import type { Trigger } from '../../tools/local/azure/trigger.ts'
import { triggerPaces } from '../../tools/local/azure/trigger-pace.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { type AppUnderTest, bundleApp, eventually } from './azure-app.ts'

/** One range: the position is the number of changes that were read; one change per batch. */
class MemoryFeed implements CosmosFeed {
  readonly changes: string[] = []
  saved: string | undefined
  unreachable = false
  readonly ranges = [
    {
      token: '-FF',
      position: async () => this.saved,
      readNext: async (position: string | undefined) => {
        if (this.unreachable) throw new Error('no connection')
        const from = Number(position ?? 0)
        const items = this.changes.slice(from, from + 1).map(id => ({ id, _ts: 1_700_000_000 }))
        return { items, position: String(from + items.length) }
      },
      checkpoint: async (position: string) => {
        this.saved = position
      },
    },
  ]
  close() {}
}

let running: { under: AppUnderTest; trigger: Trigger } | undefined

afterEach(async () => {
  await running?.trigger.stop()
  await running?.under.remove()
  running = undefined
})

const forEver = `retry: { strategy: 'fixedDelay', maxRetryCount: -1, delayInterval: 0 },`

async function start(body: string, { declares = '', faults = noFaults(), feed = new MemoryFeed() } = {}) {
  const under = await bundleApp(
    `import { app } from '@azure/functions'
     let calls = 0
     app.cosmosDB('capture', { connection: 'C', databaseName: 'd', containerName: 'c', ${declares}
       handler: async (documents, context) => {
         calls += 1
         const ids = documents.map(({ id }) => id).join()
         const saw = value => context.log('saw', JSON.stringify(value))
         ${body}
       } })`,
  )
  const [fn] = await under.app.functions()
  if (!fn) throw new Error('no function')
  const pace = { ...triggerPaces.fast, pollDelayMs: 5, retryDelayMsMax: 20 }
  const trigger = startCosmosTrigger({ app: under.app, fn, faults, pace, onLog: under.onLog }, feed)
  running = { under, trigger }
  return { ...under, trigger, feed }
}

test('changes arrive in order, and the position moves only after the function has ended', async () => {
  const { feed, saw, trigger } = await start('saw(ids); await new Promise(done => setTimeout(done, 60)); saw("done")')
  feed.changes.push('a', 'b')
  await eventually(() => expect(saw()).toEqual(['a']))
  expect(feed.saved).toBeUndefined()
  expect(trigger.status().lagMs).toBeGreaterThan(0)
  await eventually(() => expect(feed.saved).toBe('2'))
  await eventually(() => expect(saw()).toEqual(['a', 'done', 'b', 'done']))
  expect(trigger.status()).toEqual({ failures: 0, lastError: undefined })
})

test('with an endless retry policy a failing batch is delivered until it succeeds, and nothing overtakes it', async () => {
  const { feed, saw, trigger } = await start(
    'saw([ids, context.retryContext?.retryCount ?? 0]); if (calls < 4) throw new Error("not yet")',
    { declares: forEver },
  )
  feed.changes.push('a', 'b')
  await eventually(() => expect(feed.saved).toBe('2'))
  await eventually(() =>
    expect(saw()).toEqual([
      ['a', 0],
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['b', 0],
    ]),
  )
  expect(trigger.status()).toEqual({ failures: 3, lastError: 'capture failed: Error: not yet' })
})

test('without a retry policy a failed batch is lost, as in the cloud', async () => {
  const { feed, lines, saw } = await start('saw(ids); if (ids === "a") throw new Error("no")')
  feed.changes.push('a', 'b')
  await eventually(() => expect(feed.saved).toBe('2'))
  await eventually(() => expect(saw()).toEqual(['a', 'b']))
  expect(lines).toContainEqual(expect.stringContaining('this batch is lost'))
})

test('a batch is lost once its retries are used up', async () => {
  const { feed, saw } = await start('saw(ids); throw new Error("no")', {
    declares: `retry: { strategy: 'exponentialBackoff', maxRetryCount: 2, minimumInterval: 1, maximumInterval: 1 },`,
  })
  feed.changes.push('a')
  await eventually(() => expect(feed.saved).toBe('1'))
  await eventually(() => expect(saw()).toEqual(['a', 'a', 'a']))
})

test('a batch whose instance is killed is delivered again, even without a retry policy', async () => {
  // A new instance starts at its first call again, so the file system tells it that it is the second. The mark stands
  // before the call is seen: seen first, the instance could be killed in between, and the second would wait for ever.
  const { app, feed, saw } = await start(
    `const { existsSync, writeFileSync } = require('node:fs'); const mark = __filename + '.killed'
     const first = !existsSync(mark); writeFileSync(mark, '')
     saw(ids); if (first) await new Promise(() => undefined)`,
  )
  feed.changes.push('a', 'b')
  await eventually(() => expect(saw()).toEqual(['a']))
  await app.kill()
  await eventually(() => expect(feed.saved).toBe('2'))
  await eventually(() => expect(saw()).toEqual(['a', 'a', 'b']))
})

test('stopping while a batch is retried keeps it for the next start', async () => {
  const first = await start('throw new Error("down")', { declares: forEver })
  first.feed.changes.push('a')
  await eventually(() => expect(first.trigger.status().failures).toBeGreaterThan(1))
  await first.trigger.stop()
  expect(first.feed.saved).toBeUndefined()
  await first.remove()

  const { feed, saw } = await start('saw(ids)', { feed: first.feed })
  await eventually(() => expect(feed.saved).toBe('1'))
  expect(saw()).toEqual(['a'])
})

test('when the container cannot be reached it says so and goes on afterwards', async () => {
  const { feed, saw, trigger } = await start('saw(ids)')
  feed.unreachable = true
  feed.changes.push('a')
  await eventually(() => expect(trigger.status().lastError).toContain('no connection'))
  feed.unreachable = false
  await eventually(() => expect(saw()).toEqual(['a']))
})

test('on request: paused, delivered twice, and delivered late by a stalled owner', async () => {
  const faults = { ...noFaults(), paused: true, duplicate: 1 }
  const { feed, saw } = await start('saw(ids)', { faults })
  feed.changes.push('a')
  await sleep(50)
  expect(saw()).toEqual([])
  faults.paused = false
  await eventually(() => expect(saw()).toEqual(['a', 'a']))

  Object.assign(faults, { duplicate: 0, reorder: 1 })
  feed.changes.push('b', 'c', 'd')
  await eventually(() => expect(saw().slice(2)).toEqual(['b', 'c', 'b', 'd', 'c']))
})
