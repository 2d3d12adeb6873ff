/** Capture turns what an application left in its table into a write that travels: missed, doubled or bent is lost. */
import { describe, expect, it } from 'vitest'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { Contended, type RecordStore, StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { attemptsMax, type CapturePorts, capture } from '../../shared/replicate/capture.ts'
import { feedRetentionMs } from '../../shared/replicate/resolution-retention.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle, startMs } from './memory-site.ts'

const ref = { type: 'carts', key: ['alice'] }
const tea: Document = { currency: 'EUR', items: { tea: { quantity: 2 } } }
const mug: Document = { currency: 'EUR', items: { mug: { quantity: 1 } } }

const siteOf = (kind: StoreKind = 'versioned') => new MemorySite(plan, 'aws-us-east-1', kind)

/** The store of a site with some of its methods replaced. */
function portsWith(site: MemorySite, replace: (store: RecordStore) => Partial<RecordStore>): CapturePorts {
  const { store } = site
  return { ...site.ports, store: { ...store, ...replace(store) } }
}

const letters = (site: MemorySite) => [...site.deadLetters.letters.values()]

describe.each<StoreKind>(['transactional', 'versioned', 'batched'])(
  'what an application wrote, on a %s store',
  kind => {
    it('is captured once, however often the hint comes', async () => {
      const site = siteOf(kind)
      site.write(ref, tea)
      expect(await site.capture(ref)).toBe('captured')
      const stored = site.database.record(ref)
      expect(await site.capture(ref)).toBe('unchanged')
      expect(site.database.record(ref)).toBe(stored)
      expect(site.record(ref).shadow).toBe(documentHash(tea))
    })

    it('is a removal when the document is gone', async () => {
      const site = siteOf(kind)
      site.write(ref, tea)
      await site.capture(ref)
      site.write(ref, undefined)
      expect(await site.capture(ref)).toBe('captured')
      expect(site.record(ref).shadow).toBe('absent')
      expect(await site.capture({ ...ref, key: ['never there'] })).toBe('unchanged')
    })

    it('is not captured when a merge wrote it: the echo ends here', async () => {
      const sites = [siteOf(kind), new MemorySite(plan, 'gcp-us-central1', kind)] as const
      sites[1].write(ref, tea)
      await settle(sites)
      const stored = sites[0].database.record(ref)
      expect(await sites[0].capture(ref)).toBe('unchanged')
      expect(sites[0].database.record(ref)).toBe(stored)
      expect(Object.keys(sites[0].record(ref).vector)).toEqual(['gcp-us-central1'])
    })

    it('is captured as it is in the end when it was taken back before the commit (P5)', async () => {
      const site = siteOf(kind)
      site.write(ref, tea)
      await site.capture(ref)
      site.write(ref, mug)
      let takenBack = false
      const ports = portsWith(site, store => ({
        commit: commit => {
          if (!takenBack) site.write(ref, tea)
          takenBack = true
          return store.commit(commit)
        },
      }))
      expect(await capture(ref, ports)).toBe('captured')
      expect(site.record(ref).shadow).toBe(documentHash(tea))
      expect(site.record(ref).vector).toEqual({ 'aws-us-east-1': startMs + 2 })
    })
  },
)

describe('a captured write', () => {
  it('is named by the clock in a record without history, then counted on (P14)', async () => {
    const site = siteOf()
    site.write(ref, tea)
    await site.capture(ref)
    expect(site.record(ref)).toMatchObject({
      vector: { 'aws-us-east-1': startMs },
      hlc: startMs * 1000,
      held: [{ from: 0, to: startMs, seen: {} }],
    })
    site.clock.nowMs += 5000
    site.write(ref, mug)
    await site.capture(ref)
    expect(site.record(ref)).toMatchObject({
      vector: { 'aws-us-east-1': startMs + 1 },
      hlc: (startMs + 5000) * 1000,
      held: [{ to: startMs }, { from: startMs, to: startMs + 1, seen: { 'aws-us-east-1': startMs } }],
    })
  })

  it('is stamped after what its record has seen, on a clock that runs behind (P7)', async () => {
    const site = siteOf()
    site.write(ref, tea)
    await site.capture(ref)
    site.clock.nowMs -= 60_000
    site.write(ref, mug)
    await site.capture(ref)
    expect(site.record(ref).hlc).toBe(startMs * 1000 + 1)
  })

  it('reads the sync record before the document (P1)', async () => {
    const site = siteOf()
    site.write(ref, tea)
    const reads: string[] = []
    const ports = portsWith(site, store => ({
      readRecord: at => {
        reads.push('record')
        return store.readRecord(at)
      },
      readDocument: at => {
        reads.push('document')
        return store.readDocument(at)
      },
    }))
    await capture(ref, ports)
    expect(reads).toEqual(['record', 'document', 'document'])
  })

  it('starts over when a commit of both was under way (P2), and when somebody else committed', async () => {
    const site = siteOf('transactional')
    site.write(ref, tea)
    const races = ['read', 'commit']
    const race = (at: string) => races[0] === at && races.shift() === at
    const ports = portsWith(site, store => ({
      readBoth: async at => (race('read') ? 'raced' : (store.readBoth?.(at) ?? 'raced')),
      commit: async commit => (race('commit') ? 'raced' : store.commit(commit)),
    }))
    expect(await capture(ref, ports)).toBe('captured')
    expect(races).toEqual([])
  })

  it('drops resolutions that the feed has surely carried', async () => {
    const sites = [siteOf(), new MemorySite(plan, 'gcp-us-central1')] as const
    for (const site of sites) site.write(ref, { ...tea, note: site.id })
    await settle(sites)
    const [site] = sites
    expect(site.record(ref).resolutions).toHaveLength(1)
    site.clock.nowMs += feedRetentionMs
    site.write(ref, mug)
    await site.capture(ref)
    expect(site.record(ref).resolutions).toHaveLength(1)
    site.clock.nowMs += 1
    site.write(ref, tea)
    await site.capture(ref)
    expect(site.record(ref).resolutions).toEqual([])
  })
})

describe('a document that cannot be carried', () => {
  it.each<[string, Document, string, string]>([
    [
      'a counter with a text',
      { items: { tea: { quantity: 'two' } } },
      'items.tea.quantity',
      'a counter holds a number',
    ],
    ['a set with an array', { items: ['tea'] }, 'items', 'a set is an object, not an array'],
    ['an item that is null', { items: { tea: null } }, 'items.tea', 'a group of fields is an object, not null'],
    ['a set with bytes', { items: { $bytes: 'AQID' } }, 'items', 'one with a field $bytes is bytes'],
    [
      'an item that is a set',
      { items: { tea: { $set: ['a'] } } },
      'items.tea',
      'one with a field $set is a string set',
    ],
    [
      'a counter with a fraction of 20 digits',
      { items: { tea: { quantity: { $number: '0.12345678901234567891' } } } },
      'items.tea.quantity',
      'whole with up to 38 digits',
    ],
  ])('%s: goes to the dead letters with its field, and nothing is captured', async (_, document, field, reason) => {
    const site = siteOf()
    site.write(ref, document)
    expect(await site.capture(ref)).toBe('refused')
    expect(await site.capture(ref)).toBe('refused')
    expect(letters(site)).toEqual([
      expect.objectContaining({ kind: 'document', site: site.id, ref, field, atMs: startMs }),
    ])
    expect(letters(site)[0]?.reason).toContain(reason)
    expect(site.database.record(ref)).toBeUndefined()
  })

  it('is captured as soon as it is mended', async () => {
    const site = siteOf()
    site.write(ref, { items: { tea: { quantity: 'two' } } })
    await site.capture(ref)
    site.write(ref, tea)
    expect(await site.capture(ref)).toBe('captured')
  })

  it('is refused where the store already refuses to read it', async () => {
    const site = siteOf()
    const ports = portsWith(site, () => ({
      readDocument: at => Promise.reject(new ValueRefused(at, ['photo'], 'a binary value')),
    }))
    expect(await capture(ref, ports)).toBe('refused')
    expect(letters(site)).toEqual([expect.objectContaining({ field: 'photo', reason: 'a binary value' })])
  })
})

describe('a failure', () => {
  const failing = (site: MemorySite, times: number, error: Error) => {
    let left = times
    return portsWith(site, store => ({
      readDocument: at => (left-- > 0 ? Promise.reject(error) : store.readDocument(at)),
    }))
  }

  it('that nobody foresaw is tried again after growing pauses', async () => {
    const site = siteOf()
    site.write(ref, tea)
    expect(await capture(ref, failing(site, 3, new TypeError('x is undefined')))).toBe('captured')
    expect(site.clock.nowMs - startMs).toBe(100 + 200 + 400)
    expect(letters(site)).toEqual([])
  })

  it('that stays is put aside, so that it does not hold up other documents', async () => {
    const site = siteOf()
    site.write(ref, tea)
    expect(await capture(ref, failing(site, 4, new TypeError('x is undefined')))).toBe('refused')
    expect(letters(site)).toEqual([
      expect.objectContaining({ kind: 'document', ref, field: '', reason: 'TypeError: x is undefined' }),
    ])
  })

  it('of the store is left to the trigger: nothing is wrong with the document', async () => {
    const site = siteOf()
    site.write(ref, tea)
    await expect(capture(ref, failing(site, 1, new StoreUnavailable('throttled')))).rejects.toThrow(StoreUnavailable)
    expect(letters(site)).toEqual([])
    expect(site.clock.nowMs).toBe(startMs)
  })

  it('of the commit too, and the document is captured the next time', async () => {
    const site = siteOf()
    site.write(ref, tea)
    const ports = portsWith(site, () => ({ commit: () => Promise.reject(new StoreUnavailable('unreachable')) }))
    await expect(capture(ref, ports)).rejects.toThrow(StoreUnavailable)
    expect(await site.capture(ref)).toBe('captured')
  })

  it('to get a word in edgeways ends after ten attempts, and is left to the trigger', async () => {
    const site = siteOf()
    site.write(ref, tea)
    let commits = 0
    const ports = portsWith(site, () => ({
      commit: () => {
        commits += 1
        return Promise.resolve('raced')
      },
    }))
    await expect(capture(ref, ports)).rejects.toThrow(Contended)
    expect(commits).toBe(attemptsMax)
    expect(letters(site)).toEqual([])
  })

  it('of the declaration, changed under the stored state, captures nothing: it asks for a migration', async () => {
    const site = siteOf()
    site.write(ref, tea)
    await site.capture(ref)
    const stored = await site.store.readRecord(ref)
    if (!stored) throw new Error('it was captured')
    const { vector, hlc, state, held, resolutions } = stored.record
    const record = { vector, hlc, state, held, resolutions, shadow: documentHash(mug) }
    await site.store.commit({ ref, record, expected: stored.revision })
    const before = site.database.record(ref)
    expect(await site.capture(ref)).toBe('refused')
    expect(site.database.record(ref)).toBe(before)
    expect(letters(site)[0]?.reason).toContain('ShadowMismatch')
    expect(letters(site)[0]?.reason).toContain('migrate before capturing')
  })
})
