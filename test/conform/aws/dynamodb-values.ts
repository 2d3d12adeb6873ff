/** What DynamoDB keeps, and what it refuses to keep. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { Behaviour } from '../behaviour.ts'
import { equal, refused } from '../expectations.ts'
import { type Attributes, newKey, type Table } from './dynamodb-table.ts'

const invalid = 'ValidationException'
const itemBytesMax = 400 * 1024

export const values: readonly Behaviour<Table>[] = [
  {
    name: 'numbers with 38 digits, at both ends of the range, and one with 39',
    expected: '38 digits come back digit by digit; 39 are refused with ValidationException',
    why: 'the portable document model carries numbers as digits, never as doubles',
    async run(table) {
      const numbers = [
        '12345678901234567890123456789012345678',
        '-0.00000000000000000000000000000000000001234567',
        '9.9e125',
      ]
      for (const number of numbers) {
        const key = newKey()
        await table.put({ ...key, n: { N: number } })
        const stored = (await table.get(key))?.n?.N ?? ''
        equal(digitsOf(stored), digitsOf(number), 'digits')
      }
      await refused(table.put({ ...newKey(), n: { N: `${numbers[0]}9` } }), invalid)
    },
  },
  {
    name: 'a number with zeros around it',
    expected: '1.50 comes back as 1.5, 1e2 as 100',
    why: 'two spellings of a number are one value, so the shadow hash of a document does not change',
    async run(table) {
      const key = newKey()
      await table.put({ ...key, a: { N: '1.50' }, b: { N: '1e2' }, c: { N: '-0' } })
      const { pk: _, sk: __, ...stored } = (await table.get(key)) ?? {}
      equal(stored, { a: { N: '1.5' }, b: { N: '100' }, c: { N: '0' } }, 'stored')
    },
  },
  {
    name: 'every type of value: string, number, binary, boolean, null, list, map, the three sets, empty ones',
    expected: 'comes back as it was written',
    why: 'a document survives the journey to another store and back',
    async run(table) {
      const key = newKey()
      const fields: Attributes = {
        text: { S: 'Grüße 🛒' },
        empty: { S: '' },
        bytes: { B: new Uint8Array([0, 255]) },
        noBytes: { B: new Uint8Array() },
        yes: { BOOL: true },
        nothing: { NULL: true },
        list: { L: [{ L: [{ N: '1' }] }, { M: {} }, { S: '' }] },
        'a.b': { M: { 'c#d': { S: 'x' }, _id: { BOOL: false } } },
        emptyList: { L: [] },
      }
      await table.put({ ...key, ...fields })
      equal(await table.get(key), { ...fields, ...key }, 'stored')
      const sets = { ss: { SS: ['b', 'a'] }, ns: { NS: ['2', '1'] }, bs: { BS: [new Uint8Array([2])] } }
      await table.put({ ...key, ...sets })
      const stored = await table.get(key)
      equal(stored?.ss?.SS?.toSorted(), ['a', 'b'], 'set of strings')
      equal(stored?.ns?.NS?.toSorted(), ['1', '2'], 'set of numbers')
      equal(stored?.bs, sets.bs, 'set of binaries')
    },
  },
  {
    name: 'an empty set, a set with one value twice',
    expected: 'refused with ValidationException',
    why: 'a set that comes from another store is checked before it is written',
    async run(table) {
      const sets: AttributeValue[] = [{ SS: [] }, { NS: [] }, { SS: ['a', 'a'] }]
      for (const set of sets) await refused(table.put({ ...newKey(), set }), invalid)
    },
  },
  {
    name: 'an item of 400 KB, and one byte more',
    expected: 'the first is stored, the second is refused with ValidationException and changes nothing',
    why: 'the smallest limit of the three stores is the limit of a document',
    async run(table) {
      const key = newKey()
      const overhead = [...Object.keys(key), ...Object.values(key).map(({ S }) => S), 'text'].join('').length
      const item = (bytes: number) => ({ ...key, text: { S: 'x'.repeat(bytes - overhead) } })
      await table.put(item(itemBytesMax))
      await refused(table.put(item(itemBytesMax + 1)), invalid)
      equal((await table.get(key))?.text?.S?.length, itemBytesMax - overhead, 'characters stored')
    },
  },
  {
    name: 'keys of 2,048 and 1,024 bytes, longer ones, empty ones',
    expected: 'the first are stored, the others refused with ValidationException',
    why: 'a key that a site cannot hold is refused by name before it travels',
    async run(table) {
      const longest = { pk: { S: `${'ü'.repeat(1023)}/#` }, sk: { S: '€'.repeat(341) } }
      await table.put(longest)
      equal(await table.get(longest), longest, 'stored')
      await refused(table.put({ ...longest, pk: { S: `${longest.pk.S}x` } }), invalid)
      await refused(table.put({ ...longest, sk: { S: `${longest.sk.S}xx` } }), invalid)
      await refused(table.put({ ...longest, pk: { S: '' } }), invalid)
    },
  },
]

/** Significant digits and decimal exponent: how a number is spelled does not matter, each digit does. */
function digitsOf(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(number) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length)
  return `${sign}${trimmed}e${power}`
}
