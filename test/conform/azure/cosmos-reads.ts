/** What reads of Cosmos show, and how an account answers that has no throughput left. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CosmosClient } from '@azure/cosmos'
import { type Behaviour, NotAsked } from '../behaviour.ts'
import { equal, eventually, holds, numbers, refused } from '../expectations.ts'
import { type Cart, type CosmosTarget, ifMatch, itemOf, newCart } from './cosmos-container.ts'

/** Enough for a container of 400 RU/s; one with more is not asked. */
const throttledCalls = 60
const staleGapMs = 20
const visibleMsMax = 10_000

export const cosmosReads: readonly Behaviour<CosmosTarget>[] = [
  {
    name: 'the consistency of the account',
    expected: 'can be read',
    why: 'functions refuse to start on an account whose reads may be stale (P2)',
    async run({ client }) {
      const level = await consistencyOf(client)
      holds(['Strong', 'BoundedStaleness', 'Session', 'ConsistentPrefix', 'Eventual'].includes(level), `it is ${level}`)
    },
  },
  {
    name: 'reads by another client right after each of 30 writes, on bounded staleness or strong',
    expected: 'show the write',
    why: 'a stale read of the document would look like a local edit that undoes a merge (P2)',
    async run({ client, container, stranger }) {
      const level = await consistencyOf(client)
      if (level !== 'BoundedStaleness' && level !== 'Strong') throw new NotAsked(`the account is on ${level}`)
      const cart = newCart()
      const reader = itemOf(stranger(), cart)
      await container.items.create(cart)
      for (const total of numbers(30)) {
        await itemOf(container, cart).replace({ ...cart, total })
        equal((await reader.read<Cart>()).resource?.total, total, 'total')
      }
    },
  },
  {
    name: 'requests over the throughput',
    expected: 'refused with 429 and the time to wait in ms; the data stays as it was',
    why: 'a throttled change waits, it never reaches a dead-letter queue',
    async run({ container, impatient, throttle }) {
      const { items } = impatient()
      throttle?.(true)
      try {
        const fill = numbers(throttledCalls).map(() => items.create(newCart({ text: 'x'.repeat(200_000) })))
        const results = await Promise.allSettled(fill)
        const refusals = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
        if (refusals.length === 0) throw new NotAsked(`${throttledCalls} writes of 200 KB at once were not throttled`)
        for (const refusal of refusals) {
          equal(refusal.code, 429, 'code')
          holds(refusal.retryAfterInMs > 0, `time to wait: ${refusal.retryAfterInMs}`)
        }
      } finally {
        throttle?.(false)
      }
      // The official client waits and tries again.
      await container.items.create(newCart())
    },
  },
]

/** Of an account on session consistency, which functions refuse to start on: what they are kept from. */
export const sessionReads: readonly Behaviour<CosmosTarget>[] = [
  {
    name: 'reads by another client with the session token of the write',
    expected: 'show at least this write, whatever weaker reads would show',
    why: 'on a session account only the token makes a read current',
    async run({ client, container, stranger }) {
      const level = await consistencyOf(client)
      if (level !== 'Session') throw new NotAsked(`the account is on ${level}`)
      const cart = newCart()
      const reader = itemOf(stranger(), cart)
      await container.items.create(cart)
      for (const total of numbers(10)) {
        const { headers } = await itemOf(container, cart).replace({ ...cart, total })
        const sessionToken = String(headers['x-ms-session-token'])
        equal((await reader.read<Cart>({ sessionToken })).resource?.total, total, 'total')
      }
    },
  },
  {
    name: 'reads by another client without a token right after each of 20 writes, then a replace with the etag they show',
    expected: 'some show an older version; the replace over such a one is refused with 412',
    why: 'this is the stale read that bounded staleness is asked for; a condition is judged by the present state',
    async run({ client, container, stranger }) {
      const level = await consistencyOf(client)
      if (level !== 'Session') throw new NotAsked(`the account is on ${level}`)
      const cart = newCart()
      const reader = itemOf(stranger(), cart)
      let present = (await container.items.create(cart)).etag
      await eventually(async () => equal((await reader.read<Cart>()).etag, present, 'etag'), visibleMsMax)
      let staleReads = 0
      for (const total of numbers(20)) {
        present = (await itemOf(container, cart).replace({ ...cart, total }, ifMatch(present))).etag
        const { etag } = await reader.read<Cart>().catch(() => ({ etag: undefined }))
        if (etag === undefined || etag === present) continue
        staleReads += 1
        await refused(itemOf(container, cart).replace({ ...cart, total: -1 }, ifMatch(etag)), 412)
        await sleep(staleGapMs)
      }
      if (staleReads === 0) throw new NotAsked('no read was stale')
    },
  },
]

async function consistencyOf(client: CosmosClient): Promise<string> {
  const { resource } = await client.getDatabaseAccount()
  return String(resource?.consistencyPolicy)
}
