/** What the events of each cloud tell of a document as it was before: by that a first write is told from a creation. */
import { Firestore } from '@google-cloud/firestore'
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import { afterAll, describe, expect, it } from 'vitest'
import { stoodBefore as stoodInDynamoDb } from '../../functions/aws/stood-before.ts'
import { stoodBefore as stoodInCosmos } from '../../functions/azure/stood-before.ts'
import { documentEventData } from '../../functions/gcp/document-event-data.ts'
import { stoodBefore as stoodInFirestore } from '../../functions/gcp/stood-before.ts'
import { defineSync, fields } from '../../shared/declare/index.ts'

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

  it('tells of a creation that nothing was there, just before', () => {
    expect(told({ value: { name, createTime: at(2) } })).toEqual([
      { document: undefined, untilMs: 2000, writtenUs: 2_000_004 },
    ])
  })
})
