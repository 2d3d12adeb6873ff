/**
 * CSV (RFC 4180), streamed: the first line names the fields, every further one is a record of strings, or of what
 * `--types` says. A line that does not fit is reported and the next one is read. After a quote out of place nobody can
 * tell what is text and what is a new line, so the reading ends there.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CsvError, parse } from 'csv-parse'
import { CommandFailed } from '../cli/clouds.ts'
import type { Value } from '../local/official-clients/application-client.ts'
import { type CellTypes, readCell } from './cell-types.ts'
import { recordCharactersMax } from './read-ndjson.ts'
import type { TextSource } from './read-text.ts'
import type { Placed, SourceRecord } from './source-record.ts'

interface Row {
  readonly record: readonly string[]
  /** `lines`: the line in which the row ended. */
  readonly info: { readonly lines: number }
}

export async function* readCsv({ name, text }: TextSource, types: CellTypes): AsyncGenerator<SourceRecord> {
  let fault: CsvError | undefined
  const rows = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: recordCharactersMax,
    // An error would take the rows with it that are parsed already and wait to be read.
    skip_records_with_error: true,
    on_skip: error => {
      fault ??= error
      return undefined
    },
  })
  async function* untilFault() {
    for await (const piece of text) {
      if (fault) return
      yield piece
    }
  }
  // What goes wrong on the way is thrown again where the rows are read.
  pipeline(Readable.from(untilFault()), rows).catch(() => undefined)

  let columns: readonly string[] | undefined
  let number = 0
  let line = 0
  for await (const { record, info } of rows as AsyncIterable<Row>) {
    // Rows that the parser found after a fault may be half of one and half of another.
    if (fault && info.lines >= Number(fault.lines)) break
    line = info.lines
    if (columns === undefined) {
      columns = requireColumns(name, record, types)
      continue
    }
    number++
    yield readRow({ place: `${name}:${line}`, number }, columns, record, types)
  }
  if (fault) {
    const reason = `${fault.message}; the file is not read any further (a quote inside quotes is written twice)`
    yield { place: `${name}:${line + 1}`, number: number + 1, reason }
  }
}

function requireColumns(name: string, columns: readonly string[], types: CellTypes): readonly string[] {
  const twice = columns.find((column, index) => columns.indexOf(column) !== index)
  if (twice !== undefined) throw new CommandFailed(`${name}:1: two columns are named '${twice}'; name each differently`)
  if (columns.includes('')) {
    throw new CommandFailed(
      `${name}:1: column ${columns.indexOf('') + 1} has no name; the first line names every column`,
    )
  }
  const unknown = [...types.keys()].filter(column => !columns.includes(column))
  if (unknown.length > 0)
    throw new CommandFailed(`--types: no column ${unknown.join(', ')}; ${name} has ${columns.join(', ')}`)
  return columns
}

function readRow(placed: Placed, columns: readonly string[], cells: readonly string[], types: CellTypes): SourceRecord {
  if (cells.length !== columns.length)
    return { ...placed, reason: `has ${cells.length} cells; the first line names ${columns.length} columns` }
  const fields: [string, Value][] = []
  for (const [index, column] of columns.entries()) {
    const cell = readCell(cells[index] ?? '', types.get(column) ?? 'string')
    if ('reason' in cell) return { ...placed, reason: `${column}: ${cell.reason}` }
    if ('value' in cell) fields.push([column, cell.value])
  }
  return { ...placed, document: Object.fromEntries(fields) }
}
