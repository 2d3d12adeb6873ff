/**
 * What every store promises to pruning. Where it fails, a deletion is remembered for ever, or one is forgotten that
 * somebody has just written on.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RecordStore, Tombstones } from '../../shared/ports/index.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'

export interface TombstonesUnderTest {
  readonly store: RecordStore
  readonly tombstones: Tombstones
  close(): Promise<void>
}

const atMs = Date.UTC(2026, 2, 14)

/** For the types of `contractPlan`. */
export function describeTombstones(name: string, open: () => Promise<TombstonesUnderTest>): void {
  describe(`${name}, tombstones`, () => {
    let under: TombstonesUnderTest
    beforeAll(async () => {
      under = await open()
    })
    afterAll(() => under?.close())

    const article = (key: string = randomUUID()): RecordRef => ({ type: 'articles', key: [key] })
    const line = (): RecordRef => ({ type: 'lines', key: [`order/${randomUUID()}`, '1#2'] })
    const gone = (goneAtMs: number): SyncRecord => ({ ...noRecord, hlc: 7, goneAtMs })

    async function put(ref: RecordRef, record: SyncRecord): Promise<void> {
      const stored = await under.store.readRecord(ref)
      expect(await under.store.commit({ ref, record, expected: stored?.revision })).toBe('committed')
    }

    async function listed(beforeMs: number): Promise<readonly string[]> {
      const names: string[] = []
      let cursor: string | undefined
      do {
        const page = await under.tombstones.list(beforeMs, cursor)
        names.push(...page.refs.map(recordName))
        cursor = page.cursor
      } while (cursor !== undefined)
      return names.sort()
    }

    it('names what has been gone for so long, each once, and nothing else', async () => {
      const old = [article(), article(), line(), line(), article('k'.repeat(2040))]
      const young = [article(), line()]
      const alive = [article(), line()]
      for (const ref of old) await put(ref, gone(atMs))
      for (const ref of young) await put(ref, gone(atMs + 1))
      for (const ref of alive) await put(ref, { ...noRecord, hlc: 7 })
      expect(await listed(atMs)).toEqual(old.map(recordName).sort())
      expect(await listed(atMs + 1)).toEqual([...old, ...young].map(recordName).sort())
      expect(await listed(atMs - 1)).toEqual([])
    })

    it('no longer names what was written anew', async () => {
      const ref = article()
      await put(ref, gone(atMs - 10))
      expect(await listed(atMs - 5)).toEqual([recordName(ref)])
      await put(ref, { ...noRecord, hlc: 8 })
      expect(await listed(atMs - 5)).toEqual([])
    })

    it('reads back when the document went', async () => {
      const ref = line()
      await put(ref, gone(atMs + 5))
      expect((await under.store.readRecord(ref))?.record.goneAtMs).toBe(atMs + 5)
    })

    it('removes a record only as it was read, and then it can be made anew', async () => {
      for (const ref of [article(), line(), article('l'.repeat(2040))]) {
        await put(ref, gone(atMs + 9))
        const { revision = '' } = (await under.store.readRecord(ref)) ?? {}
        await put(ref, gone(atMs + 10))
        expect(await under.tombstones.remove(ref, revision)).toBe('raced')
        const present = await under.store.readRecord(ref)
        expect(present?.record.goneAtMs).toBe(atMs + 10)
        expect(await under.tombstones.remove(ref, present?.revision ?? '')).toBe('committed')
        expect(await under.store.readRecord(ref)).toBeUndefined()
        expect(await under.tombstones.remove(ref, present?.revision ?? '')).toBe('raced')
        await put(ref, { ...noRecord, hlc: 9 })
      }
    })
  })
}
