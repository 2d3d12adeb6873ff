/**
 * What the events of each cloud tell of a document as it was before: by that a first write is told from a creation. And as it
 * was after: what is taken for the present there is not read, and what is not there must not be taken for a deletion.
 */
import { Firestore } from '@google-cloud/firestore'
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { leftIn as leftInDynamoDb } from '../../functions/aws/left-in.ts'
import { stoodBefore as stoodInDynamoDb } from '../../functions/aws/stood-before.ts'
import { placeOf } from '../../functions/azure/item-place.ts'
import { leftIn as leftInCosmos } from '../../functions/azure/left-in.ts'
import { stoodBefore as stoodInCosmos } from '../../functions/azure/stood-before.ts'
import { syncItemFrom } from '../../functions/azure/sync-item.ts'
import { documentEventData } from '../../functions/gcp/document-event-data.ts'
import { leftIn as leftInFirestore, stoodBefore as stoodInFirestore } from '../../functions/gcp/stood-before.ts'
import { defineSync, fields } from '../../shared/declare/index.ts'
import { noRecord } from '../../shared/replicate/sync-record.ts'

const plan = defineSync({
  sites: {
    here: { cloud: 'aws', region: 'x' },
    there: { cloud: 'gcp', region: 'x' },
    yonder: { cloud: 'azure', region: 'x' },
  },
  data: { stock: { key: ['sku'], adopt: true, merge: fields() } },
})
const [type] = plan.types
if (!type) throw new Error('no type')
const ref = { type: 'stock', key: ['tea'] }

describe('DynamoDB', () => {
  const keys = { sku: { S: 'tea' } }
  const record = (eventName: string, OldImage?: object, of: object = keys) => ({
    eventName,
    eventSourceARN: 'arn:aws:dynamodb:x:0:table/stock/stream/1',
    dynamodb: { Keys: of, ApproximateCreationDateTime: 7, ...(OldImage && { OldImage }) },
  })
  const told = (...Records: object[]) => [...stoodInDynamoDb({ Records } as unknown as DynamoDBStreamEvent, ref, type)]

  it('tells of each write of this record, in order, with binary values as they were', () => {
    const image = { ...keys, n: { N: '5' }, b: { M: { x: { B: 'AQI=' } } } }
    const other = record('INSERT', undefined, { sku: { S: 'mug' } })
    expect(told(record('INSERT'), other, record('MODIFY', image))).toEqual([
      { document: undefined, untilMs: 7000 },
      { document: { n: 5, b: { x: { $bytes: 'AQI=' } } }, untilMs: 7000 },
    ])
  })

  it('keeps a field called __proto__', () => {
    const image = { ...keys, ['__proto__']: { N: '5' }, m: { M: { ['__proto__']: { S: 'x' } } } }
    const [before] = told(record('MODIFY', image))
    expect(JSON.stringify(before?.document)).toBe('{"__proto__":5,"m":{"__proto__":"x"}}')
  })

  it('tells nothing where the stream has no old images', () => {
    expect(told(record('MODIFY'), record('REMOVE'))).toEqual([])
  })

  it('tells when it was, where the order is not that of the writes', () => {
    const data = (precision?: string) => {
      const { eventName, dynamodb } = record('MODIFY', { ...keys, n: { N: '5' } })
      const fed = {
        tableName: 'stock',
        eventName,
        dynamodb: { ...dynamodb, ApproximateCreationDateTimePrecision: precision },
      }
      return { kinesis: { data: Buffer.from(JSON.stringify(fed)).toString('base64') } }
    }
    const event = { Records: [data(), data('MICROSECOND')] } as unknown as KinesisStreamEvent
    expect([...stoodInDynamoDb(event, ref, type)]).toMatchObject([
      { writtenUs: 7000, untilMs: 7 },
      { writtenUs: 7, untilMs: 0 },
    ])
  })

  describe('what a write left', () => {
    const written = (eventName: string, n?: number, of: object = keys) => {
      const { dynamodb, ...others } = record(eventName, undefined, of)
      return {
        ...others,
        dynamodb: { ...dynamodb, ...(n !== undefined && { NewImage: { ...keys, n: { N: `${n}` } } }) },
      }
    }
    const fed = (...of: Parameters<typeof written>) => {
      const data = JSON.stringify({ tableName: 'stock', ...written(...of) })
      return { kinesis: { data: Buffer.from(data).toString('base64') } }
    }
    const left = (...Records: object[]) => leftInDynamoDb({ Records } as unknown as DynamoDBStreamEvent, ref, type)

    it('is what the last of a stream says', () => {
      const other = written('INSERT', 7, { sku: { S: 'mug' } })
      expect(left(written('INSERT', 1), written('MODIFY', 2), other)).toEqual([{ document: { n: 2 } }])
      expect(left(written('INSERT', 1), written('REMOVE'))).toEqual([{ document: undefined }])
    })

    it('is what each says where they come in any order', () => {
      expect(left(fed('MODIFY', 2), fed('INSERT', 1), fed('REMOVE'))).toEqual([
        { document: { n: 2 } },
        { document: { n: 1 } },
        { document: undefined },
      ])
    })

    it('is not told by a stream without new images, nor beside a record of another form', () => {
      expect(left(written('MODIFY'))).toEqual([])
      expect(left(fed('MODIFY', 2), fed('MODIFY'))).toEqual([])
      expect(left(written('MODIFY', 2), { ...written('MODIFY', 3), eventName: 7 })).toEqual([])
    })
  })
})

describe('Cosmos DB', () => {
  const item = (n: number) => ({ id: 'tea', sku: 'tea', n, _etag: 'x', _ts: 1 })
  const change = (operationType: string, current?: object, previous?: object) => ({
    current: current ?? {},
    ...(previous && { previous }),
    metadata: { operationType, id: 'tea', partitionKey: { sku: 'tea' }, crts: 5 },
  })

  it('tells of each version before; where it is not carried, of the one that is', () => {
    const feed = [
      change('create', item(1)),
      change('replace', item(2), item(1)),
      change('delete', undefined, item(2)),
      change('replace', item(4)),
      change('delete'),
    ]
    expect([...stoodInCosmos(feed, ref, type)]).toEqual([
      { document: undefined, untilMs: 5000 },
      { document: { n: 1 }, untilMs: 5000 },
      { document: { n: 2 }, untilMs: 5000 },
      { document: { n: 4 } },
    ])
    expect([...stoodInCosmos(feed, { ...ref, key: ['mug'] }, type)]).toEqual([])
  })

  it('keeps a field called __proto__', () => {
    const previous = { ...item(1), ['__proto__']: 5, m: { ['__proto__']: 'x' } }
    const [before] = stoodInCosmos([change('replace', item(2), previous)], ref, type)
    expect(JSON.stringify(before?.document)).toBe('{"n":1,"__proto__":5,"m":{"__proto__":"x"}}')
  })

  it('tells of the others where one entry is of another form', () => {
    const odd = [{ current: item(7) }, { current: item(8), metadata: { crts: 'now' } }, null]
    expect([...stoodInCosmos([...odd, change('replace', item(2), item(1))], ref, type)]).toEqual([
      { document: { n: 1 }, untilMs: 5000 },
    ])
  })

  describe('what a write left', () => {
    const numbered = (lsn: number, { metadata, ...versions }: ReturnType<typeof change>) => ({
      ...versions,
      metadata: { ...metadata, lsn },
    })
    const merged = { ...noRecord, vector: { there: 5 }, shadow: 'of tea' }
    const sync = (sku: string, record = merged) => syncItemFrom(placeOf({ ...ref, key: [sku] }, type), type, record)

    it('is what the last change says', () => {
      const other = { ...item(7), id: 'mug', sku: 'mug' }
      const feed = [change('create', item(1)), change('replace', item(2)), change('create', other)]
      expect(leftInCosmos(feed, ref, type)).toEqual([{ document: { n: 2 } }])
      expect(leftInCosmos([...feed, change('delete')], ref, type)).toEqual([{ document: undefined }])
    })

    it('comes with the sync record of the same batch, and with no other', () => {
      const feed = [
        numbered(8, change('replace', sync('tea', { ...merged, shadow: 'older' }))),
        numbered(9, change('replace', sync('mug', { ...merged, shadow: 'of a mug' }))),
        numbered(9, change('replace', sync('tea'))),
        numbered(9, change('replace', item(2))),
      ]
      expect(leftInCosmos(feed, ref, type)).toMatchObject([{ document: { n: 2 }, record: { shadow: 'of tea' } }])
      const later = numbered(10, change('replace', item(3)))
      expect(leftInCosmos([...feed, later], ref, type)).toEqual([{ document: { n: 3 } }])
    })

    it('is not told beside a change of another form', () => {
      expect(leftInCosmos([change('replace', item(2)), { current: item(3) }], ref, type)).toEqual([])
    })
  })
})

describe('Firestore', () => {
  const client = new Firestore({ projectId: 'p', host: '127.0.0.1:1', ssl: false })
  afterAll(() => client.terminate())
  const name = 'projects/p/databases/(default)/documents/stock/tea'
  const at = (seconds: number) => ({ seconds, nanos: 5000 })
  const told = (event: object) => {
    const bytes = documentEventData.encode(documentEventData.fromObject(event)).finish()
    return [...stoodInFirestore(bytes, ref, type, client)]
  }

  it('tells the old value, of every type, with its times', () => {
    const values = {
      n: { integerValue: '9007199254740993' },
      d: { doubleValue: 0 },
      off: { booleanValue: false },
      none: { nullValue: 0 },
      text: { stringValue: '' },
      at: { timestampValue: at(1) },
      bytes: { bytesValue: Buffer.from([1, 2]) },
      point: { geoPointValue: { latitude: 1.5, longitude: 0 } },
      other: { referenceValue: `${name}/notes/1` },
      list: { arrayValue: { values: [{ stringValue: 'x' }] } },
      map: { mapValue: { fields: { a: { integerValue: '0' } } } },
      vector: {
        mapValue: {
          fields: {
            __type__: { stringValue: '__vector__' },
            value: { arrayValue: { values: [{ doubleValue: 1.5 }] } },
          },
        },
      },
    }
    const [before] = told({
      oldValue: { name, fields: values, createTime: at(2), updateTime: at(3) },
      value: { name, updateTime: at(4) },
    })
    expect(before).toEqual({
      untilMs: 4000,
      document: {
        n: { $number: '9007199254740993' },
        d: 0,
        off: false,
        none: null,
        text: '',
        at: { $timestamp: expect.any(String) },
        bytes: { $bytes: 'AQI=' },
        point: { $geopoint: expect.anything() },
        other: { $reference: 'stock/tea/notes/1' },
        list: ['x'],
        map: { a: 0 },
        vector: { $vector: [1.5] },
      },
      writtenUs: 3_000_005,
      createdMs: 2000.005,
    })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('tells of %s, before and after', odd => {
    const fields = { d: { doubleValue: odd } }
    const [before] = told({
      oldValue: { name, fields, createTime: at(2), updateTime: at(3) },
      value: { name, fields, updateTime: at(4) },
    })
    expect(before?.document).toEqual({ d: { $number: expect.any(String) } })
  })

  it('keeps a field called __proto__', () => {
    const inner = { ['__proto__']: { stringValue: 'x' } }
    const fields = { ['__proto__']: { integerValue: '5' }, m: { mapValue: { fields: inner } } }
    const [before] = told({ oldValue: { name, fields, createTime: at(2), updateTime: at(3) } })
    expect(JSON.stringify(before?.document)).toBe('{"__proto__":5,"m":{"__proto__":"x"}}')
  })

  it('tells what a write left, and that a deletion left nothing', () => {
    const left = (event: object) => {
      const bytes = documentEventData.encode(documentEventData.fromObject(event)).finish()
      return [...leftInFirestore(bytes, ref, type, client)]
    }
    const value = { name, fields: { n: { integerValue: '5' } }, createTime: at(2), updateTime: at(3) }
    expect(left({ value })).toEqual([{ document: { n: 5 } }])
    expect(left({ oldValue: value })).toEqual([{ document: undefined }])
    expect([...leftInFirestore('no bytes', ref, type, client)]).toEqual([])
  })

  it('tells of a creation that nothing was there, just before', () => {
    expect(told({ value: { name, createTime: at(2) } })).toEqual([
      { document: undefined, untilMs: 2000, writtenUs: 2_000_004 },
    ])
  })
})
