/**
 * What every record store promises to the flows, driven through the interface alone: memory passes it first, then
 * each cloud. Where it fails for a store, an application would lose a write or see a document that nobody wrote.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import { canonicalText } from '../../shared/document/canonical.ts'
import type { Document, Json } from '../../shared/document/json.ts'
import type { CommitResult, DocumentWrite, RecordStore, Revision, StoredDocument } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { encodeRecord, noRecord, type SyncRecord } from '../../shared/replicate/sync-record.ts'
import { NamedCells } from '../../shared/resolve/named-cells.ts'

/** The types that the suite uses: what `open` has to provide tables, collections or containers for. */
export const contractPlan = defineSync({
  sites: {
    'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
    'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
    'azure-eastus': { cloud: 'azure', region: 'eastus' },
  },
  data: {
    articles: { key: ['article_id'], merge: register(), omit: ['local_note'] },
    lines: { key: ['order_id', 'line_id'], merge: fields({ note: register() }) },
  },
})

export interface StoreUnderTest {
  readonly store: RecordStore
  /** A second writer with the store's own client. Documents are without key fields and without the store's own. */
  readonly application: Application
  close(): Promise<void>
}

export interface Application {
  /** Writes the whole document, whether there is one or not. */
  put(ref: RecordRef, document: Document): Promise<void>
  /** Sets these fields of an existing document and leaves the others. */
  patch(ref: RecordRef, fields: Document): Promise<void>
  remove(ref: RecordRef): Promise<void>
  /** Strongly consistent, with what the type omits. */
  read(ref: RecordRef): Promise<Document | undefined>
}

const unusualDocument: Document = JSON.parse(`{
  "text": "žluťoučký 🐎 \\u0000 \\" \\\\ line\\nbreak",
  "empty": "", "none": null, "yes": true, "no": false,
  "numbers": [0, -1, 0.1, 1e-7, 9007199254740991, -9007199254740991, 1e21, 1.5e100],
  "emptyList": [], "emptyObject": {}, "lists": [[], [[1, ["deep"]], {"a": null}]],
  "constructor": { "__proto__": { "__proto__": "an ordinary field" }, "constructor": 1 },
  "hasOwnProperty": "so is this", "a.b": "dotted", "with space": 1, "ünïcode": 2, "#hash": 3, ":colon": 4, "\`tick\`": 5,
  "9lives": 6, "size": "a word of the store's language", "name": "another"
}`)

/** What JSON cannot hold, what only resembles that, and names that some store keeps for itself or cannot hold. */
const taggedDocument: Document = JSON.parse(`{
  "numbers": [{"$number": "12345678901234567890123456789012345678"}, {"$number": "-9007199254740993"},
    {"$number": "0.12345678901234567890123456789"}, {"$number": "1e+300"}, {"$number": "NaN"}, 1152921504606846976],
  "bytes": {"$bytes": "AAH+/w=="}, "noBytes": {"$bytes": ""},
  "sets": [{"$set": ["a", "b"]}, {"$numberSet": [-1, {"$number": "12345678901234567890"}]}, {"$bytesSet": ["AQ=="]}],
  "times": [{"$timestamp": "2026-11-20T10:00:00.123456Z"}, {"$timestamp": "2026-11-20T10:00:00.123456789Z"}],
  "point": {"$geopoint": [50.0755, 14.4378]}, "reference": {"$reference": "carts/alice"}, "vector": {"$vector": [0.5, 1]},
  "escaped": {"$map": {"$bytes": "AAH+/w=="}}, "resembling": {"$bytes": "AAH+/w"}, "lists": [[], [[1]], {"$array": [1]}],
  "id": "the application's own", "_etag": 1, "_ts": [2], "$id": "another", "$": 3, "__name__": {"__proto__": 4},
  "__proto__": 5, "": {"": 6}, "$empty": 7, "a.b": {"c.d": "dotted"}, "\`tick\`": "\`"
}`)

const unusualParts = [
  ...['a/b', 'a#b', 'a|b', 'a%b', 'a%2Fb', 'a\\b', 'a?b', 'a b', ' ', 'ž🐎', '"\'`', '__proto__', '{}'],
  ...['.', '..', '%2E', '~', '_x', '_tributary|x', '__x__', '2 KB of key '.repeat(170), 'ž'.repeat(900)],
]

/** A sync record that can be told from others by its number. */
function numbered(number: number, text = ''): SyncRecord {
  return {
    ...noRecord,
    vector: { 'aws-us-east-1': number },
    hlc: number,
    state: {
      present: [['aws-us-east-1', number]],
      cells: NamedCells.of({ note: [['aws-us-east-1', number, number, text]] }),
    },
  }
}

function article(): RecordRef {
  return { type: 'articles', key: [randomUUID()] }
}

function expectDocument(actual: Document | undefined, expected: Document | undefined): void {
  expect(actual && canonicalText(actual)).toBe(expected && canonicalText(expected))
}

export function describeRecordStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let opened: StoreUnderTest
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.close())

    /** What a merge does: reads both, then commits the record and the document that `after` makes of it. */
    async function commitBoth(
      ref: RecordRef,
      after: Document | undefined,
      options: {
        readonly indivisible?: boolean
        readonly declared?: readonly string[]
        readonly expected?: Revision
        readonly number?: number
        readonly read?: StoredDocument
      } = {},
    ): Promise<CommitResult> {
      const { store } = opened
      const expected = options.expected ?? (await store.readRecord(ref))?.revision
      const document: DocumentWrite = {
        read: options.read ?? (await store.readDocument(ref)),
        after,
        indivisible: options.indivisible ?? false,
        declared: options.declared ?? [],
      }
      return store.commit({ ref, record: numbered(options.number ?? 1), expected, document })
    }

    async function expectNumber(ref: RecordRef, number: number | undefined): Promise<void> {
      expect((await opened.store.readRecord(ref))?.record.hlc).toBe(number)
    }

    describe('reads', () => {
      it('finds no record and no document where there is none', async () => {
        const { store } = opened
        const ref = article()
        expect(await store.readRecord(ref)).toBeUndefined()
        expect((await store.readDocument(ref)).document).toBeUndefined()
        const both = await store.readBoth?.(ref)
        if (both === undefined) return
        expect(both).toMatchObject({ stored: undefined, document: { document: undefined } })
      })

      it('answers what is asked in one moment as it answers each alone, the same twice among them', async () => {
        const { store, application } = opened
        const refs = Array.from({ length: 50 }, article)
        for (const [index, ref] of refs.entries()) {
          if (index % 3 > 0) await application.put(ref, { index })
          if (index % 3 > 1) await store.commit({ ref, record: numbered(index), expected: undefined })
        }
        const [first] = refs
        if (!first) throw new Error('there are fifty')
        const asked = [...refs, first]
        const records = await Promise.all(asked.map(ref => store.readRecord(ref)))
        const documents = await Promise.all(asked.map(ref => store.readDocument(ref)))
        for (const [index] of asked.entries()) {
          const at = index % refs.length
          expect(records[index]?.record.hlc).toBe(at % 3 > 1 ? at : undefined)
          expectDocument(documents[index]?.document, at % 3 > 0 ? { index: at } : undefined)
        }
      })

      it('reads every JSON value that an application wrote, as it was', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, unusualDocument)
        expectDocument((await store.readDocument(ref)).document, unusualDocument)
        const both = await store.readBoth?.(ref)
        if (both !== undefined && both !== 'raced') expectDocument(both.document.document, unusualDocument)
      })

      it('reads an empty document as a document', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, {})
        expectDocument((await store.readDocument(ref)).document, {})
      })

      it('sees the last write of the application at once', async () => {
        const { store, application } = opened
        const ref = article()
        for (let n = 1; n <= 5; n++) {
          await application.put(ref, { n })
          expectDocument((await store.readDocument(ref)).document, { n })
        }
        await application.remove(ref)
        expect((await store.readDocument(ref)).document).toBeUndefined()
      })
    })

    describe('a commit of the sync record alone', () => {
      it('creates it, and gives it back as it was', async () => {
        const { store } = opened
        const ref = article()
        const arbitration = { path: ['a'], rule: 'sum' } as const
        const record: SyncRecord = {
          ...numbered(7, 'ž🐎 "\\'),
          state: {
            present: [['s', 1]],
            cells: NamedCells.of(JSON.parse('{"__proto__":[["s",1,2,{"__proto__":""}]],"":null}')),
          },
          held: [{ from: 0, to: 7, seen: {}, touched: JSON.parse('{"__proto__":true}') }],
          resolutions: [
            {
              id: 'r',
              site: 'aws-us-east-1',
              ...ref,
              origin: 'gcp-us-central1',
              from: 0,
              to: 1,
              atMs: 5,
              vectors: { local: {}, remote: { 'gcp-us-central1': 1 }, merged: { 'gcp-us-central1': 1 } },
              clocks: { local: 0, remote: 1 },
              local: unusualDocument,
              arbitrations: [arbitration],
            },
          ],
        }
        expect(await store.commit({ ref, record, expected: undefined })).toBe('committed')
        const stored = await store.readRecord(ref)
        expect(stored && encodeRecord(stored.record)).toBe(encodeRecord(record))
        expect((await store.readDocument(ref)).document).toBeUndefined()
      })

      it('replaces the revision that was read, and gives the new one another revision', async () => {
        const { store } = opened
        const ref = article()
        await store.commit({ ref, record: numbered(1), expected: undefined })
        const first = await store.readRecord(ref)
        expect(await store.commit({ ref, record: numbered(2), expected: first?.revision })).toBe('committed')
        const second = await store.readRecord(ref)
        expect(second?.record.hlc).toBe(2)
        expect(second?.revision).not.toBe(first?.revision)
      })

      it('is raced by a newer revision, and changes nothing', async () => {
        const { store } = opened
        const ref = article()
        await store.commit({ ref, record: numbered(1), expected: undefined })
        const stale = (await store.readRecord(ref))?.revision
        await store.commit({ ref, record: numbered(2), expected: stale })
        expect(await store.commit({ ref, record: numbered(3), expected: stale })).toBe('raced')
        await expectNumber(ref, 2)
      })

      it('is raced by a record that was created meanwhile, even by an equal one', async () => {
        const { store } = opened
        const ref = article()
        await store.commit({ ref, record: numbered(1), expected: undefined })
        expect(await store.commit({ ref, record: numbered(1), expected: undefined })).toBe('raced')
        expect(await store.commit({ ref, record: numbered(2), expected: undefined })).toBe('raced')
        await expectNumber(ref, 1)
      })

      it('is raced where the record that was read is not there', async () => {
        const { store } = opened
        const [ref, other] = [article(), article()]
        await store.commit({ ref: other, record: numbered(1), expected: undefined })
        const expected = (await store.readRecord(other))?.revision
        expect(await store.commit({ ref, record: numbered(2), expected })).toBe('raced')
        expect(await store.readRecord(ref)).toBeUndefined()
      })

      it('leaves the document alone', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, unusualDocument)
        await store.commit({ ref, record: numbered(1), expected: undefined })
        expectDocument(await application.read(ref), unusualDocument)
      })

      it('lets exactly one of two win that start from the same revision', async () => {
        const { store } = opened
        for (const expected of ['absent', 'present']) {
          const ref = article()
          if (expected === 'present') await store.commit({ ref, record: numbered(1), expected: undefined })
          const revision = (await store.readRecord(ref))?.revision
          const results = await Promise.all(
            [2, 3].map(number => store.commit({ ref, record: numbered(number), expected: revision })),
          )
          expect([...results].sort()).toEqual(['committed', 'raced'])
          await expectNumber(ref, results[0] === 'committed' ? 2 : 3)
        }
      })
    })

    describe('a commit of both', () => {
      it('creates a document that the application reads as it is, with nothing added', async () => {
        const { store, application } = opened
        const ref = article()
        expect(await commitBoth(ref, unusualDocument)).toBe('committed')
        expectDocument(await application.read(ref), unusualDocument)
        expectDocument((await store.readDocument(ref)).document, unusualDocument)
        await expectNumber(ref, 1)
      })

      it('holds every tagged value and every name, and gives them back as they were', async () => {
        const { store } = opened
        const ref = article()
        expect(await commitBoth(ref, taggedDocument)).toBe('committed')
        expectDocument((await store.readDocument(ref)).document, taggedDocument)
        const { numbers, id, sets, ...rest } = taggedDocument
        const after: Document = Object.assign(JSON.parse(JSON.stringify(rest)), { bytes: sets, point: id, _etag: 2 })
        expect(await commitBoth(ref, after, { indivisible: true, number: 2 })).toBe('committed')
        expectDocument((await store.readDocument(ref)).document, after)
        expect(await commitBoth(ref, undefined, { number: 3 })).toBe('committed')
        expect((await store.readDocument(ref)).document).toBeUndefined()
      })

      it('neither shows nor touches a field that its type omits, until the document goes', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, { a: 1, local_note: ['stays', { here: true }] })
        expectDocument((await store.readDocument(ref)).document, { a: 1 })
        expect(await commitBoth(ref, { b: 2 }, { indivisible: true })).toBe('committed')
        expectDocument(await application.read(ref), { b: 2, local_note: ['stays', { here: true }] })
        await application.patch(ref, { local_note: 'changed' })
        expectDocument((await store.readDocument(ref)).document, { b: 2 })
        expect(await commitBoth(ref, undefined, { number: 2 })).toBe('committed')
        expect(await application.read(ref)).toBeUndefined()
        expect(await commitBoth(ref, { a: 1 }, { number: 3 })).toBe('committed')
        expectDocument(await application.read(ref), { a: 1 })
      })

      it('creates an empty document', async () => {
        const { application } = opened
        const ref = article()
        expect(await commitBoth(ref, {})).toBe('committed')
        expectDocument(await application.read(ref), {})
      })

      for (const indivisible of [true, false]) {
        it(`adds, changes and removes fields of ${indivisible ? 'an indivisible' : 'a divisible'} document`, async () => {
          const { store, application } = opened
          const ref = article()
          await application.put(ref, unusualDocument)
          const { text, empty, none, ...rest } = unusualDocument
          const after = Object.assign(Object.create(null), rest, {
            text: '',
            added: [{ deep: 1 }],
            yes: false,
            lists: null,
            numbers: [0, -1],
            size: 1,
          }) as Document
          expect(await commitBoth(ref, after, { indivisible })).toBe('committed')
          expectDocument(await application.read(ref), after)
          expectDocument((await store.readDocument(ref)).document, after)
          await expectNumber(ref, 1)
        })
      }

      // A client of a store may be unable to (the AWS SDK reads such an attribute as undefined): then it has to say so.
      it('changes and removes a field named __proto__, or refuses it by name', async () => {
        const { store, application } = opened
        const ref = article()
        const protoDocument: Document = JSON.parse('{"__proto__":1,"a":1}')
        await application.put(ref, protoDocument)
        try {
          expectDocument((await store.readDocument(ref)).document, protoDocument)
        } catch (error) {
          expect(error).toMatchObject({ name: 'ValueRefused', field: '__proto__' })
          return
        }
        expect(await commitBoth(ref, JSON.parse('{"__proto__":{"b":2},"a":1}'))).toBe('committed')
        expectDocument(await application.read(ref), JSON.parse('{"__proto__":{"b":2},"a":1}'))
        expect(await commitBoth(ref, { a: 1 }, { number: 2 })).toBe('committed')
        expectDocument(await application.read(ref), { a: 1 })
      })

      it('deletes the document and keeps the record', async () => {
        const { application } = opened
        const ref = article()
        await application.put(ref, unusualDocument)
        expect(await commitBoth(ref, undefined)).toBe('committed')
        expect(await application.read(ref)).toBeUndefined()
        await expectNumber(ref, 1)
      })

      it('creates anew what was deleted', async () => {
        const { application } = opened
        const ref = article()
        await commitBoth(ref, { a: 1 })
        await commitBoth(ref, undefined, { number: 2 })
        expect(await commitBoth(ref, { b: 1 }, { number: 3 })).toBe('committed')
        expectDocument(await application.read(ref), { b: 1 })
        await expectNumber(ref, 3)
      })

      it('accepts a document as both were read in one step', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, { a: 1 })
        const both = (await store.readBoth?.(ref)) ?? { stored: undefined, document: await store.readDocument(ref) }
        if (both === 'raced') throw new Error('nobody else was there')
        expect(await commitBoth(ref, { a: 2 }, { read: both.document })).toBe('committed')
        expectDocument(await application.read(ref), { a: 2 })
      })

      it('carries a document of 300 KB', async () => {
        const { store, application } = opened
        const ref = article()
        const large = (letter: string): Document => ({
          one: letter.repeat(100_000),
          two: letter.repeat(100_000),
          three: { list: [letter.repeat(100_000)] },
          version: letter,
        })
        expect(await commitBoth(ref, large('a'))).toBe('committed')
        expectDocument(await application.read(ref), large('a'))
        expect(await commitBoth(ref, large('b'), { indivisible: true, number: 2 })).toBe('committed')
        expectDocument((await store.readDocument(ref)).document, large('b'))
      })

      it('carries an indivisible document of 100 fields', async () => {
        const { application } = opened
        const ref = article()
        const wide = (value: Json): Document =>
          Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a_rather_long_field_name_${index}`, value]))
        await application.put(ref, wide('before'))
        expect(await commitBoth(ref, wide(['after']), { indivisible: true })).toBe('committed')
        expectDocument(await application.read(ref), wide(['after']))
      })
    })

    describe('a commit of both writes nothing', () => {
      const rows: readonly {
        readonly when: string
        readonly before: Document | undefined
        readonly meanwhile: (application: Application, ref: RecordRef) => Promise<void>
        readonly present: Document | undefined
        readonly after: Document | undefined
        readonly options?: { readonly indivisible?: boolean; readonly declared?: readonly string[] }
      }[] = [
        {
          when: 'a field that it changes was changed',
          before: { a: 1, b: 1 },
          meanwhile: (application, ref) => application.patch(ref, { a: 5 }),
          present: { a: 5, b: 1 },
          after: { a: 2, b: 1 },
        },
        {
          when: 'deep inside a field that it changes something was changed',
          before: { a: { deep: [1, { x: 1 }] } },
          meanwhile: (application, ref) => application.patch(ref, { a: { deep: [1, { x: 2 }] } }),
          present: { a: { deep: [1, { x: 2 }] } },
          after: { a: { deep: [2, { x: 1 }] } },
        },
        {
          when: 'a field that it adds was added',
          before: { b: 1 },
          meanwhile: (application, ref) => application.patch(ref, { a: 5 }),
          present: { a: 5, b: 1 },
          after: { a: 2, b: 1 },
        },
        {
          when: 'a field that it removes was changed',
          before: { a: 1, b: 1 },
          meanwhile: (application, ref) => application.patch(ref, { a: null }),
          present: { a: null, b: 1 },
          after: { b: 1 },
        },
        {
          when: 'a field that it changes was removed',
          before: { a: 1, b: 1 },
          meanwhile: (application, ref) => application.put(ref, { b: 1 }),
          present: { b: 1 },
          after: { a: 2, b: 1 },
        },
        {
          when: 'any field of an indivisible document was changed',
          before: { a: 1, b: 1 },
          meanwhile: (application, ref) => application.patch(ref, { b: 5 }),
          present: { a: 1, b: 5 },
          after: { a: 2, b: 1 },
          options: { indivisible: true },
        },
        {
          when: 'a declared field of an indivisible document was added',
          before: { a: 1 },
          meanwhile: (application, ref) => application.patch(ref, { note: 5 }),
          present: { a: 1, note: 5 },
          after: { a: 2 },
          options: { indivisible: true, declared: ['note'] },
        },
        {
          when: 'the document was created',
          before: undefined,
          meanwhile: (application, ref) => application.put(ref, { b: 1 }),
          present: { b: 1 },
          after: { a: 1 },
        },
        {
          when: 'an empty document was created',
          before: undefined,
          meanwhile: (application, ref) => application.put(ref, {}),
          present: {},
          after: { a: 1 },
        },
        {
          when: 'the document was deleted',
          before: { a: 1 },
          meanwhile: (application, ref) => application.remove(ref),
          present: undefined,
          after: { a: 2 },
        },
        {
          when: 'an empty document was deleted',
          before: {},
          meanwhile: (application, ref) => application.remove(ref),
          present: undefined,
          after: { a: 2 },
        },
        {
          when: 'the document that it deletes was changed',
          before: { a: 1, b: 1 },
          meanwhile: (application, ref) => application.patch(ref, { b: 5 }),
          present: { a: 1, b: 5 },
          after: undefined,
        },
        {
          when: 'the document that it deletes got a declared field',
          before: { a: 1 },
          meanwhile: (application, ref) => application.patch(ref, { note: 'kept' }),
          present: { a: 1, note: 'kept' },
          after: undefined,
          options: { declared: ['note'] },
        },
        {
          when: 'the document that it deletes is gone',
          before: { a: 1 },
          meanwhile: (application, ref) => application.remove(ref),
          present: undefined,
          after: undefined,
        },
      ]
      for (const { when, before, meanwhile, present, after, options } of rows) {
        for (const withRecord of [false, true]) {
          it(`when ${when} meanwhile (${withRecord ? 'a' : 'no'} record before)`, async () => {
            const { store, application } = opened
            const ref = article()
            if (before) await application.put(ref, before)
            if (withRecord) await store.commit({ ref, record: numbered(1), expected: undefined })
            const read = await store.readDocument(ref)
            await meanwhile(application, ref)
            expect(await commitBoth(ref, after, { ...options, read, number: 2 })).toBe('raced')
            expectDocument(await application.read(ref), present)
            await expectNumber(ref, withRecord ? 1 : undefined)
          })
        }
      }

      it('when the record was changed meanwhile', async () => {
        const { store, application } = opened
        for (const after of [{ a: 2 }, undefined]) {
          const ref = article()
          await application.put(ref, { a: 1 })
          await store.commit({ ref, record: numbered(1), expected: undefined })
          const expected = (await store.readRecord(ref))?.revision
          if (expected === undefined) throw new Error('a committed record has a revision')
          await store.commit({ ref, record: numbered(2), expected })
          expect(await commitBoth(ref, after, { expected, number: 3 })).toBe('raced')
          expectDocument(await application.read(ref), { a: 1 })
          await expectNumber(ref, 2)
        }
      })

      it('when the record was created meanwhile', async () => {
        const { store, application } = opened
        const ref = article()
        const read = await store.readDocument(ref)
        await store.commit({ ref, record: numbered(1), expected: undefined })
        const document = { read, after: { a: 1 }, indivisible: false, declared: [] }
        expect(await store.commit({ ref, record: numbered(2), expected: undefined, document })).toBe('raced')
        expect(await application.read(ref)).toBeUndefined()
        await expectNumber(ref, 1)
      })
    })

    describe("what the application wrote beside a merge's fields", () => {
      const rows = [
        { title: 'another field changed', meanwhile: { b: 5 }, indivisible: false },
        { title: 'another field added', meanwhile: { c: 5 }, indivisible: false },
        { title: 'an undeclared field added to an indivisible document', meanwhile: { c: 5 }, indivisible: true },
      ]
      for (const { title, meanwhile, indivisible } of rows) {
        it(`stays, raced or not: ${title}`, async () => {
          const { store, application } = opened
          const ref = article()
          await application.put(ref, { a: 1, b: 1 })
          const read = await store.readDocument(ref)
          await application.patch(ref, meanwhile)
          const result = await commitBoth(ref, { a: 2, b: 1 }, { read, indivisible })
          const a = result === 'committed' ? 2 : 1
          expectDocument(await application.read(ref), { a, b: 1, ...meanwhile })
          await expectNumber(ref, result === 'committed' ? 1 : undefined)
        })
      }
    })

    describe('many at once', () => {
      it('lets at most one of two merges win that saw the same, and writes all of it or nothing', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, { by: 0 })
        const read = await store.readDocument(ref)
        const results = await Promise.all([1, 2].map(by => commitBoth(ref, { by }, { read, number: by })))
        const winner = results.indexOf('committed') + 1
        expect(results.filter(result => result === 'committed').length).toBeLessThanOrEqual(1)
        expectDocument(await application.read(ref), { by: winner })
        await expectNumber(ref, winner === 0 ? undefined : winner)
      })

      it('loses nothing of 20 committers to one record', async () => {
        const { store } = opened
        const ref = article()
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            for (;;) {
              const stored = await store.readRecord(ref)
              const record = numbered((stored?.record.hlc ?? 0) + 1)
              if ((await store.commit({ ref, record, expected: stored?.revision })) === 'committed') return
            }
          }),
        )
        await expectNumber(ref, 20)
      })

      it('loses nothing of 8 merges and 8 application writes to one document', async () => {
        const { store, application } = opened
        const ref = article()
        await application.put(ref, { merges: 0 })
        const merge = async () => {
          for (;;) {
            const stored = await store.readRecord(ref)
            const read = await store.readDocument(ref)
            const merges = Number(read.document?.merges ?? 0) + 1
            const document = { read, after: { ...read.document, merges }, indivisible: false, declared: [] }
            const record = numbered((stored?.record.hlc ?? 0) + 1)
            if ((await store.commit({ ref, record, expected: stored?.revision, document })) === 'committed') return
          }
        }
        const write = async (index: number) => {
          // A store may refuse an application's write while a merge holds the item; the application tries again.
          for (;;) {
            try {
              return await application.patch(ref, { [`field${index}`]: index })
            } catch (error) {
              if (!(error instanceof Error) || !/conflict|abort|contention/i.test(`${error.name} ${error.message}`))
                throw error
            }
          }
        }
        await Promise.all(Array.from({ length: 8 }, (_, index) => [merge(), write(index)]).flat())
        const written = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`field${index}`, index]))
        expectDocument(await application.read(ref), { merges: 8, ...written })
        await expectNumber(ref, 8)
      })
    })

    describe('keys', () => {
      it.each(unusualParts)('keeps a record and a document under the key part %.40j', async part => {
        const { store, application } = opened
        const refs: readonly RecordRef[] = [
          { type: 'articles', key: [part] },
          // Two parts make one id on Cosmos, which takes 1023 bytes.
          ...(part.length > 100 ? [] : [{ type: 'lines', key: [`${part}${randomUUID()}`, part] }]),
        ]
        for (const ref of refs) {
          await application.put(ref, { by: 'application' })
          expectDocument((await store.readDocument(ref)).document, { by: 'application' })
          expect(await commitBoth(ref, { by: 'merge' })).toBe('committed')
          expectDocument(await application.read(ref), { by: 'merge' })
          await expectNumber(ref, 1)
          expect(await commitBoth(ref, undefined, { number: 2 })).toBe('committed')
          expect(await application.read(ref)).toBeUndefined()
        }
      })

      it('tells keys apart whose parts join to the same text, and types with the same key', async () => {
        const { application } = opened
        const unique = randomUUID()
        const refs: readonly RecordRef[] = [
          { type: 'lines', key: [`${unique}|b`, 'c'] },
          { type: 'lines', key: [unique, 'b|c'] },
          { type: 'lines', key: [unique, 'b'] },
          { type: 'lines', key: [unique, 'B'] },
          { type: 'articles', key: [unique] },
        ]
        for (const [index, ref] of refs.entries()) await commitBoth(ref, { index }, { number: index + 1 })
        for (const [index, ref] of refs.entries()) {
          expectDocument(await application.read(ref), { index })
          await expectNumber(ref, index + 1)
        }
      })
    })
  })
}
