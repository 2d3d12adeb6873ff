/** What a load reads from a file is what stands there: no value bent, no record lost in silence. */
import { describe, expect, test } from 'vitest'
import { parseCellTypes } from '../../tools/load/cell-types.ts'
import { type FileFormat, formatOf, openRecords } from '../../tools/load/open-records.ts'
import type { TextSource } from '../../tools/load/read-text.ts'
import type { SourceRecord } from '../../tools/load/source-record.ts'

/** The text in pieces of some characters, as a stream may cut it anywhere. */
function sourceOf(text: string, pieceLength = 7): TextSource {
  async function* pieces() {
    for (let start = 0; start < text.length; start += pieceLength) yield text.slice(start, start + pieceLength)
  }
  return { name: 'file', bytesTotal: undefined, bytesRead: () => text.length, text: pieces() }
}

async function read(format: FileFormat, text: string, types: readonly string[] = []): Promise<readonly SourceRecord[]> {
  return Array.fromAsync(openRecords(sourceOf(text), format, parseCellTypes(types)))
}

const documents = (records: readonly SourceRecord[]) =>
  records.flatMap(record => ('document' in record ? [record.document] : []))
const reasons = (records: readonly SourceRecord[]) =>
  records.flatMap(record => ('reason' in record ? [`${record.place}: ${record.reason}`] : []))

describe('NDJSON', () => {
  test('a line each, whatever cuts the stream; empty lines count as lines, the last needs no end', async () => {
    const records = await read('ndjson', '{"a":1}\r\n\n{"a":"žluťoučký 🐎"}\n{"a":{"b":[null,1.5]}}')
    expect(documents(records)).toEqual([{ a: 1 }, { a: 'žluťoučký 🐎' }, { a: { b: [null, 1.5] } }])
    expect(records.map(({ place }) => place)).toEqual(['file:1', 'file:3', 'file:4'])
  })

  test('a wrong line is told with its place and the next one is read', async () => {
    const records = await read('ndjson', '{"a":1}\n{"a":\n[1]\nnull\n{"a":2}\n')
    expect(documents(records)).toEqual([{ a: 1 }, { a: 2 }])
    expect(reasons(records)).toEqual([
      expect.stringMatching(/^file:2: .*JSON/),
      'file:3: a record is an object of fields; found an array',
      'file:4: a record is an object of fields; found null',
    ])
  })

  test('a file that is no NDJSON ends before it fills the memory', async () => {
    async function* endless() {
      for (;;) yield 'x'.repeat(1024 * 1024)
    }
    const source = { ...sourceOf(''), text: endless() }
    await expect(Array.fromAsync(openRecords(source, 'ndjson', new Map()))).rejects.toThrow(
      /file:1 is longer than 16 MB/,
    )
  })
})

describe('numbers are never rounded in silence', () => {
  test.each([
    ['9007199254740993'],
    ['12345678901234567890'],
    ['0.12345678901234567890123'],
    ['1e400'],
    ['-123456789012345678.5'],
  ])('%s is refused by name', async text => {
    const [first, ...rest] = await read('ndjson', `{"a":[{"deep":${text}}]}\n{"a":1}`)
    expect(first).toMatchObject({
      place: 'file:1',
      reason: expect.stringContaining(`the number ${text} would be rounded`),
    })
    expect(documents(rest)).toEqual([{ a: 1 }])
  })

  test.each([
    ['42.350000000000001', 42.35],
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['1E3', 1000],
    ['-0.0', -0],
    ['9007199254740992', 2 ** 53],
    ['5e-324', 5e-324],
    ['100000000000000000000000', 1e23],
  ])('%s, as programs write doubles, is %d', async (text, value) => {
    expect(documents(await read('ndjson', `{"a":${text}}`))).toEqual([{ a: value }])
  })

  test('in a whole JSON text only the record that has one is refused', async () => {
    const records = await read('json', '[{"a":1},{"a":9007199254740993},{"a":2}]')
    expect(documents(records)).toEqual([{ a: 1 }, { a: 2 }])
    expect(reasons(records)).toEqual([expect.stringContaining('file[1]: the number 9007199254740993')])
  })
})

describe('JSON', () => {
  test('an array, or an object of records by name', async () => {
    expect(documents(await read('json', '[{"a":1},\n {"a":2}]'))).toEqual([{ a: 1 }, { a: 2 }])
    expect(await read('json', '{"tea":{"a":1},"__proto__":{"a":2}}')).toEqual([
      { place: 'file["tea"]', number: 1, name: 'tea', document: { a: 1 } },
      { place: 'file["__proto__"]', number: 2, name: '__proto__', document: { a: 2 } },
    ])
  })

  test.each(['{"a":1}\n{"a":2}', '', '5', '"text"'])('%j is refused as a whole', async text => {
    await expect(read('json', text)).rejects.toThrow(/^file/)
  })
})

describe('CSV', () => {
  test('cells are the texts that stand there', async () => {
    const records = await read('csv', 'zip,price,note\n00501,1e5,"a ""b"",\nc"\n\n1,,NO\n')
    expect(documents(records)).toEqual([
      { zip: '00501', price: '1e5', note: 'a "b",\nc' },
      { zip: '1', price: '', note: 'NO' },
    ])
    expect(records.map(({ place }) => place)).toEqual(['file:3', 'file:5'])
  })

  test('--types says what a column is; an empty cell of it is no field; what does not fit is told by line', async () => {
    const types = ['n=number,b=boolean', 'j=json']
    const records = await read(
      'csv',
      'n,b,j\n1.50,true,"{""a"":[1]}"\n,,\nx,true,1\n1,yes,1\n1,true,{\n9007199254740993,,\n',
      types,
    )
    expect(documents(records)).toEqual([{ n: 1.5, b: true, j: { a: [1] } }, {}])
    expect(reasons(records)).toEqual([
      "file:4: n: 'x' is not a number",
      "file:5: b: 'yes' is not true or false",
      expect.stringMatching(/^file:6: j: .*JSON/),
      expect.stringContaining('file:7: n: the number 9007199254740993 would be rounded'),
    ])
  })

  test('a line with too few or too many cells is told, the next one is read', async () => {
    const records = await read('csv', 'a,b\n1\n1,2,3\n4,5\n')
    expect(documents(records)).toEqual([{ a: '4', b: '5' }])
    expect(reasons(records)).toEqual([
      'file:2: has 1 cells; the first line names 2 columns',
      'file:3: has 3 cells; the first line names 2 columns',
    ])
  })

  test('a quote that never ends: the rows before it are all there, and the line is named', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => `${index},x`)
    const records = await read('csv', ['a,b', ...rows, '7,"open', '8,y'].join('\n'))
    expect(documents(records)).toHaveLength(500)
    expect(reasons(records)).toEqual([expect.stringMatching(/^file:502: .*not read any further/)])
  })

  test('a header that does not name every column differently is refused', async () => {
    await expect(read('csv', 'a,a\n1,2')).rejects.toThrow("two columns are named 'a'")
    await expect(read('csv', 'a,\n1,2')).rejects.toThrow('column 2 has no name')
    await expect(read('csv', 'a,b\n1,2', ['c=number'])).rejects.toThrow('no column c; file has a, b')
    expect(() => parseCellTypes(['a=date'])).toThrow("found 'date'")
  })
})

test('the ending tells the format; where it does not, --format must', () => {
  expect(['a.JSON', 'b.ndjson', 'c.jsonl', 'd.csv'].map(formatOf)).toEqual(['json', 'ndjson', 'ndjson', 'csv'])
  expect(() => formatOf('-')).toThrow('--format')
  expect(() => formatOf('movies.txt')).toThrow('--format')
})
