/** Equal values have one form, whatever notation a store or an application uses: or equal documents would look changed. */
import { describe, expect, it } from 'vitest'
import { heldName, nameHeldAs } from '../../shared/document/held-name.ts'
import type { Json } from '../../shared/document/json.ts'
import { numberFromDouble, numberFromText, textOfNumber } from '../../shared/document/portable-number.ts'
import { pointInTime, timestampText } from '../../shared/document/portable-timestamp.ts'
import { bytesSetTag, numberSetTag, setTag, taggedIn } from '../../shared/document/tagged.ts'

describe('a number', () => {
  it.each<[string, Json]>([
    ['1.50', 1.5],
    ['-0', 0],
    ['1E+2', 100],
    ['0.10000000000000000000', 0.1],
    ['9007199254740992', 2 ** 53],
    ['9007199254740993', { $number: '9007199254740993' }],
    ['9007199254740993.0', { $number: '9007199254740993' }],
    ['1152921504606846976', 2 ** 60],
    ['1152921504606847000', { $number: '1152921504606847000' }],
    ['12345678901234567890123456789012345678', { $number: '12345678901234567890123456789012345678' }],
    ['1e+300', { $number: '1e+300' }],
    ['1e-131', { $number: '1e-131' }],
    ['NaN', { $number: 'NaN' }],
  ])('%s has one form', (text, portable) => {
    expect(numberFromText(text)).toEqual(portable)
    const written = textOfNumber(portable)
    expect(written === undefined ? undefined : numberFromText(written)).toEqual(portable)
  })

  it.each(['', 'x', '1.', '.5', '0x10', '1e9999', '1'.repeat(500), ' 1', '+1', 'nan'])('is not %j', text => {
    expect(numberFromText(text)).toBeUndefined()
  })

  it.each<[number, Json]>([
    [-0, 0],
    [1e125, 1e125],
    [1e126, { $number: '1e+126' }],
    [5e-324, { $number: '5e-324' }],
    [Number.NEGATIVE_INFINITY, { $number: '-Infinity' }],
  ])('as a double: %s', (double, portable) => {
    expect(numberFromDouble(double)).toEqual(portable)
  })
})

describe('a set', () => {
  it('is the same in whatever order a store gives its elements', () => {
    expect(setTag(['b', 'a'])).toEqual({ $set: ['a', 'b'] })
    expect(numberSetTag(['10', '9', '-1e1'])).toEqual({ $numberSet: [-10, 9, 10] })
    expect(bytesSetTag([Buffer.of(255), Buffer.of(0)])).toEqual({ $bytesSet: ['/w==', 'AA=='] })
  })
})

describe('an object that only resembles a tagged value is an ordinary one', () => {
  it.each<Json>([
    { $set: ['b', 'a'] },
    { $set: ['a', 'a'] },
    { $set: [] },
    { $set: ['a', 1] },
    { $numberSet: [2, 1] },
    { $numberSet: [{ $number: 'NaN' }] },
    { $bytes: 'AQJ=' },
    { $bytes: 'AQID', more: 1 },
    { $bytes: null },
    { $number: '1' },
    { $number: 1 },
    { $timestamp: '2026-02-30T10:00:00Z' },
    { $timestamp: '2026-11-20T10:00:00.100Z ' },
    { $timestamp: '2026-11-20T10:00:00.120000Z' },
    { $timestamp: '2026-11-20T24:00:00Z' },
    { $geopoint: [91, 0] },
    { $geopoint: [1] },
    { $reference: 'carts' },
    { $reference: '/carts/alice' },
    { $vector: [1, 'x'] },
    { $unknown: 1 },
    {},
    [],
    null,
  ])('%j', value => {
    expect(taggedIn(value)).toBeUndefined()
  })
})

describe('a point in time', () => {
  it.each([
    ['0001-01-01T00:00:00Z', -62_135_596_800, 0],
    ['1969-12-31T23:59:59.999999999Z', -1, 999_999_999],
    ['2026-11-20T10:00:00.100Z', 1_795_168_800, 100_000_000],
    ['2026-11-20T10:00:00.000001Z', 1_795_168_800, 1_000],
    ['9999-12-31T23:59:59.999999999Z', 253_402_300_799, 999_999_999],
  ])('%s', (text, seconds, nanoseconds) => {
    expect(pointInTime(text)).toEqual({ seconds, nanoseconds })
    expect(timestampText({ seconds, nanoseconds })).toBe(text)
  })
})

describe('a name that a store keeps for itself', () => {
  const isTaken = (name: string) => name === '' || name === 'id'

  it.each([
    ['id', '$id'],
    ['$id', '$$id'],
    ['$$id', '$$$id'],
    ['', '$empty'],
    ['$empty', '$$empty'],
    ['empty', 'empty'],
    ['$', '$'],
    ['$ID', '$ID'],
    ['title', 'title'],
  ])('%j is held as %j, and comes back', (name, held) => {
    expect(heldName(name, isTaken)).toBe(held)
    expect(nameHeldAs(held, isTaken)).toBe(name)
  })
})
