/** The records of a file, in the format that its name or the user says. */
import { CommandFailed } from '../cli/clouds.ts'
import type { CellTypes } from './cell-types.ts'
import { readCsv } from './read-csv.ts'
import { readJson } from './read-json.ts'
import { readNdjson } from './read-ndjson.ts'
import type { TextSource } from './read-text.ts'
import type { SourceRecord } from './source-record.ts'

export const fileFormats = ['json', 'ndjson', 'csv'] as const
export type FileFormat = (typeof fileFormats)[number]

const formatByEnding: Readonly<Record<string, FileFormat>> = {
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  csv: 'csv',
}

export function formatOf(path: string): FileFormat {
  const format = formatByEnding[path.split('.').pop()?.toLowerCase() ?? '']
  if (format) return format
  throw new CommandFailed(
    `the format of ${path === '-' ? 'stdin' : path} is not known; say --format ${fileFormats.join('|')}`,
  )
}

export function openRecords(source: TextSource, format: FileFormat, types: CellTypes): AsyncIterable<SourceRecord> {
  if (format === 'csv') return readCsv(source, types)
  if (types.size > 0) throw new CommandFailed('--types is for CSV; the values of JSON have types of their own')
  return format === 'json' ? readJson(source) : readNdjson(source)
}
