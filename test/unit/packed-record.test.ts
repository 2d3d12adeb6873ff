/** The sync record of a document of 390 KB must fit into DynamoDB's 400 KB, and read back as it was. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { attributeToRecord, recordToAttribute } from '../../functions/aws/record-attribute.ts'
import { packRecord, unpackRecord } from '../../shared/replicate/packed-record.ts'
import { encodeRecord, noRecord } from '../../shared/replicate/sync-record.ts'
import plan from '../../sync.config.ts'
import { randomText } from '../random-text.ts'
import { MemorySite } from './memory-site.ts'

const ref = { type: 'products', key: ['p'] }

async function recordTextOf(text: string): Promise<string> {
  const site = new MemorySite(plan, 'aws-us-east-1')
  await site.change(ref, { text })
  return encodeRecord(site.record(ref))
}

it('reads back what was packed, whatever the document', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 3000, size: 'max' }), async text => {
      const record = await recordTextOf(text)
      expect(unpackRecord(packRecord(record))).toBe(record)
      const attribute = recordToAttribute(record)
      expect(attributeToRecord(attribute)).toBe(record)
      // As a stream's event carries it.
      if ('B' in attribute) expect(attributeToRecord({ B: Buffer.from(attribute.B).toString('base64') })).toBe(record)
    }),
    { numRuns: 50 },
  )
})

it('a short record and one without a state stay texts, which a console shows', async () => {
  const short = await recordTextOf('short')
  expect(recordToAttribute(short)).toEqual({ S: short })
  const empty = encodeRecord(noRecord)
  expect(recordToAttribute(empty)).toEqual({ S: empty })
  expect(attributeToRecord(undefined)).toBeUndefined()
})

it('390 KB that can hardly be compressed fit into an item of DynamoDB', async () => {
  const record = await recordTextOf(randomText(390 * 1024))
  expect(packRecord(record).length).toBeLessThan(390 * 1024)
})
