/** An echo that is taken for a write travels for ever; a write that is taken for an echo never does. */
import { describe, expect, it } from 'vitest'
import { documentHash } from '../../shared/document/canonical.ts'
import type { Document } from '../../shared/document/json.ts'
import { type RecordStore, StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { TellLeft } from '../../shared/replicate/echo.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import plan from '../../sync.config.ts'
import { MemorySite, settle } from './memory-site.ts'

const ref = { type: 'products', key: ['tea'] }
const green: Document = { title: 'green tea' }
const black: Document = { title: 'black tea' }
const left =
  (...documents: (Document | undefined)[]): TellLeft =>
  () =>
    documents.map(document => ({ document }))

/** Of a record that other sites have written to. */
async function merged(kind: StoreKind, { document }: { readonly document?: Document } = { document: green }) {
  const site = new MemorySite(plan, 'aws-us-east-1', kind)
  const other = new MemorySite(plan, 'gcp-us-central1')
  other.write(ref, green)
  await settle([site, other])
  if (document !== green) other.write(ref, document)
  await settle([site, other])
  return site
}

/** What capture makes of an event that tells so much, and what it reads. */
async function hear(site: MemorySite, told?: TellLeft) {
  const reads: string[] = []
  const { store } = site
  const { readBoth } = store
  const watched: RecordStore = {
    ...store,
    readRecord: at => {
      reads.push('record')
      return store.readRecord(at)
    },
    readDocument: at => {
      reads.push('document')
      return store.readDocument(at)
    },
    ...(readBoth && {
      readBoth: (at: RecordRef) => {
        reads.push('both')
        return readBoth(at)
      },
    }),
  }
  const result = await capture(ref, { ...site.ports, store: watched, ...(told && { left: told }) })
  return { result, reads }
}

describe.each<StoreKind>(['transactional', 'versioned', 'batched'])('on a %s store the event of a merge', kind => {
  it.each([
    ['that wrote', green],
    ['that deleted', undefined],
  ])('%s is told by the record alone', async (_, document) => {
    const site = await merged(kind, document ? { document } : {})
    expect(await hear(site, left(document))).toEqual({ result: 'unchanged', reads: ['record'] })
  })

  it('is told so whatever was written since: that has an event of its own', async () => {
    const site = await merged(kind)
    site.write(ref, black)
    expect(await hear(site, left(green))).toEqual({ result: 'unchanged', reads: ['record'] })
    expect((await hear(site, left(black))).result).toBe('captured')
  })

  it.each<[string, TellLeft | undefined]>([
    ['does not tell what it left', undefined],
    ['tells of nothing', left()],
    ['is an older one', left(black)],
    ['is one of several in no order', left(green, black)],
    [
      'cannot be carried',
      () => {
        throw new ValueRefused(ref, ['photo'], 'of no type')
      },
    ],
  ])('is looked at if it %s', async (name, told) => {
    const site = await merged(kind)
    const tells = name === 'is an older one' || name === 'is one of several in no order'
    // What is told to differ is asked for in the way that no doubt is left of.
    const second = tells && kind === 'transactional' ? 'both' : 'document'
    expect(await hear(site, told)).toEqual({ result: 'unchanged', reads: ['record', second] })
  })
})

it('the event of a merge that comes with its sync record needs no read at all, also when it comes late', async () => {
  const site = await merged('batched')
  const record = site.record(ref)
  site.write(ref, black)
  await site.capture(ref)
  expect(await hear(site, () => [{ document: green, record }])).toEqual({ result: 'unchanged', reads: [] })
  // Another document's, or a capture's own.
  expect((await hear(site, () => [{ document: black, record }])).reads).toEqual(['record', 'document'])
  expect((await hear(site, () => [{ document: black, record: site.record(ref) }])).reads).toEqual([
    'record',
    'document',
  ])
})

it('the event of a captured write is looked at when it comes again: its capture may have died before it looked once more (P5)', async () => {
  const site = await merged('versioned')
  const { store } = site
  site.write(ref, black)
  let isTakenBack = false
  const dying: RecordStore = {
    ...store,
    // The application takes its write back while the capture is under way, and the event of that finds all as it was.
    commit: async commit => {
      site.write(ref, green)
      expect((await hear(site, left(green))).result).toBe('unchanged')
      isTakenBack = true
      return store.commit(commit)
    },
    readDocument: at => (isTakenBack ? Promise.reject(new StoreUnavailable('it died')) : store.readDocument(at)),
  }
  await expect(capture(ref, { ...site.ports, store: dying, left: left(black) })).rejects.toThrow('it died')
  expect(site.record(ref).shadow).toBe(documentHash(black))
  expect((await hear(site, left(black))).result).toBe('captured')
  expect(site.record(ref).shadow).toBe(documentHash(green))
})
