/**
 * What the cells of a CSV file are. The file does not say: `007`, `1e5` and `NO` may be texts or not, and what looks
 * like a number in one line is a text in the next. So a cell is the string that stands there, unless `--types` says
 * otherwise for its column; nothing is guessed.
 */
import { CommandFailed } from '../cli/clouds.ts'
import type { Value } from '../local/official-clients/application-client.ts'
import { parseExactJson, roundingOf } from './parse-exact-json.ts'

export type CellType = 'string' | 'number' | 'boolean' | 'json'

export type CellTypes = ReadonlyMap<string, CellType>

/** What a cell holds. `absent`: the field is left out. */
export type Cell = { readonly value: Value } | { readonly absent: true } | { readonly reason: string }

/** `price=number,sold=boolean`, any number of times. */
export function parseCellTypes(options: readonly string[]): CellTypes {
  return new Map(options.flatMap(option => option.split(',')).map(parseOne))
}

function parseOne(text: string): readonly [string, CellType] {
  const end = text.lastIndexOf('=')
  const [column, type] = [text.slice(0, end), text.slice(end + 1)]
  if (end < 1 || !isCellType(type)) {
    throw new CommandFailed(`--types ${text}: found '${type}'; write column=type, type one of ${cellTypes.join(', ')}`)
  }
  return [column, type]
}

const cellTypes: readonly CellType[] = ['string', 'number', 'boolean', 'json']

function isCellType(text: string): text is CellType {
  return cellTypes.some(type => type === text)
}

/** An empty cell of a column with a type is no value; in a column of strings it is the empty string. */
export function readCell(text: string, type: CellType): Cell {
  if (type === 'string') return { value: text }
  if (text.trim() === '') return { absent: true }
  if (type === 'number') return readNumber(text.trim())
  if (type === 'json') return readJsonCell(text)
  if (text === 'true' || text === 'false') return { value: text === 'true' }
  return { reason: `'${text}' is not true or false` }
}

/** As JSON writes numbers, leading zeros and a plus sign allowed. */
const numberPattern = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

function readNumber(text: string): Cell {
  if (!numberPattern.test(text)) return { reason: `'${text}' is not a number` }
  const reason = roundingOf(text.replace(/^\+/, ''))
  return reason === undefined ? { value: Number(text) } : { reason }
}

function readJsonCell(text: string): Cell {
  try {
    const { value, faultIn } = parseExactJson(text)
    const reason = faultIn(value) ?? (typeof value === 'number' ? roundingOf(text.trim()) : undefined)
    return reason === undefined ? { value } : { reason }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}
