/** What every audit store promises to whoever looks into it. Where it fails, a conflict is missed, or shown twice. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditFilter, AuditLog, AuditStore } from '../../shared/ports/index.ts'
import type { AuditEntry } from '../../shared/replicate/audit-entry.ts'
import type { Resolution } from '../../shared/replicate/resolution.ts'

export interface AuditLogUnderTest {
  readonly audit: AuditStore
  readonly log: AuditLog
  close(): Promise<void>
}

/** Not long ago: a store removes by itself what is older than 90 days. */
const startMs = Date.now() - 60_000
const newest = { order: 'newest', limit: 100 } as const

function resolution(type: string, number: number): Resolution {
  const version = { site: 'gcp-us-central1', counter: 1, hlc: 1, value: number }
  return {
    ...{ id: `${type}-${String(number).padStart(3, '0')}`, site: 'aws-us-east-1', type, key: [`key ${number % 7}`] },
    // Two entries of every millisecond.
    ...{ origin: 'gcp-us-central1', from: 0, to: number + 1, atMs: startMs + Math.floor(number / 2) },
    ...{ vectors: { local: {}, remote: {}, merged: {} }, clocks: { local: 1, remote: 1 } },
    local: { text: `lost ${number}` },
    arbitrations:
      number % 3 === 0
        ? [
            {
              path: [],
              rule: 'latest-write-wins',
              kept: version,
              lost: [version],
              ...(number % 9 === 0 && { review: true }),
            },
          ]
        : number % 3 === 1
          ? [{ path: ['n'], rule: 'sum' }]
          : [],
  }
}

export function describeAuditLog(name: string, open: () => Promise<AuditLogUnderTest>): void {
  describe(`${name}, the audit log`, () => {
    let under: AuditLogUnderTest
    const type = `carts-${randomUUID().slice(0, 8)}`
    const entries = Array.from({ length: 60 }, (_, number) => resolution(type, number))
    beforeAll(async () => {
      under = await open()
      await under.audit.put([...entries].reverse())
      await under.audit.put([resolution(`other-${type}`, 1), ...entries.slice(10, 20)])
    })
    afterAll(() => under?.close())

    async function all(filter: Omit<AuditFilter, 'type'>): Promise<readonly AuditEntry[]> {
      const found: AuditEntry[] = []
      let cursor: string | undefined
      do {
        const page = await under.log.query({ type, ...filter }, cursor)
        expect(page.entries.length).toBeLessThanOrEqual(filter.limit)
        found.push(...page.entries)
        cursor = page.cursor
      } while (cursor !== undefined)
      return found
    }

    it('hands out every entry once and whole, newest or oldest first, on pages of whatever size', async () => {
      expect(await all(newest)).toEqual(entries.toReversed())
      expect(await all({ order: 'newest', limit: 7 })).toEqual(entries.toReversed())
      expect(await all({ order: 'oldest', limit: 13 })).toEqual(entries)
      expect(await all({ order: 'oldest', limit: 60 })).toEqual(entries)
    })

    it('by time: not before, and before', async () => {
      const [fromMs, untilMs] = [startMs + 10, startMs + 12]
      expect(await all({ ...newest, fromMs, untilMs })).toEqual(entries.slice(20, 24).reverse())
      expect(await all({ order: 'oldest', limit: 3, fromMs, untilMs })).toEqual(entries.slice(20, 24))
      expect(await all({ ...newest, fromMs: startMs + 30 })).toEqual([])
    })

    it('by record, by rule, and what somebody should look at; together too', async () => {
      const having = (test: (number: number) => boolean) => entries.filter((_, number) => test(number)).reverse()
      const key = ['key 3']
      expect(await all({ ...newest, key })).toEqual(having(number => number % 7 === 3))
      expect(await all({ ...newest, rule: 'sum' })).toEqual(having(number => number % 3 === 1))
      expect(await all({ ...newest, rule: 'merged', limit: 2 })).toEqual(having(number => number % 3 === 2))
      expect(await all({ ...newest, review: true })).toEqual(having(number => number % 9 === 0))
      expect(await all({ order: 'newest', limit: 1, key, rule: 'latest-write-wins' })).toEqual(
        having(number => number % 7 === 3 && number % 3 === 0),
      )
      expect(await all({ ...newest, key, review: true, fromMs: startMs + 20 })).toEqual([entries[45]])
    })

    it('hands out an entry whole that is larger than an item', async () => {
      const words = Array.from({ length: 300_000 }, (_, index) => (index * 2_654_435_761) % 4_294_967_296)
      const large = { ...resolution(type, 0), id: 'large', key: ['large'], local: { words: words.join(' ') } }
      await under.audit.put([large])
      await under.audit.put([large])
      const page = await under.log.query({ type, key: ['large'], ...newest })
      expect(page.entries.map(({ id }) => id)).toEqual(['large'])
      expect(page.entries[0]).toEqual(large)
    })
  })
}
