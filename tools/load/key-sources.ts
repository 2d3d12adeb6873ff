/**
 * Where the key fields of a record come from, when the file does not name them as the declaration does:
 * `--key product_id=sku` takes the column's text and leaves the column out (it is the key now),
 * `--key 'product_id=film-{Title}-{#}'` makes a text of columns and of `{#}`, the record's number in the file.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { type KeyValue, keyPart, keyValue, numberPart } from '../../shared/place/key-value.ts'
import { CommandFailed } from '../cli/clouds.ts'
import type { Item, Value } from '../local/official-clients/application-client.ts'
import { kindOf, type ReadRecord } from './source-record.ts'

interface KeySource {
  readonly field: string
  /** A column that becomes the key field. */
  readonly column?: string
  /** Literal text and columns in turn, columns at the odd places. */
  readonly pieces?: readonly string[]
}

export type KeySources = readonly KeySource[]

/** `key`: the key fields of the type. */
export function parseKeySources(options: readonly string[], key: readonly string[]): KeySources {
  const sources = options.map(option => parseOne(option, key))
  const twice = sources.find(({ field }, index) => sources.findIndex(other => other.field === field) !== index)
  if (twice) throw new CommandFailed(`--key: ${twice.field} is given twice`)
  return sources
}

function parseOne(option: string, key: readonly string[]): KeySource {
  const end = option.indexOf('=')
  const [field, from] = [option.slice(0, end), option.slice(end + 1)]
  if (end < 1 || from === '')
    throw new CommandFailed(`--key ${option}: write field=column or 'field=text {column} {#}'`)
  if (!key.includes(field)) throw new CommandFailed(`--key ${option}: the key is ${key.join(', ')}; found '${field}'`)
  return /\{[^{}]+\}/.test(from) ? { field, pieces: from.split(/\{([^{}]+)\}/) } : { field, column: from }
}

export type KeyedDocument = { readonly document: Item } | { readonly reason: string }

type KeyPlan = Pick<TypePlan, 'key' | 'keyTypes'>

/** The document with its key fields in it, or why they cannot be had. */
export function withKey(record: ReadRecord, sources: KeySources, plan: KeyPlan): KeyedDocument {
  const made: Record<string, Value> = {}
  for (const source of sources) {
    const value = keyValueOf(record, source, plan)
    if (typeof value === 'object') return value
    made[source.field] = value
  }
  const taken = new Set(sources.flatMap(({ column }) => column ?? []))
  const kept = Object.entries(record.document).filter(([field]) => !taken.has(field))
  const document: Item = { ...Object.fromEntries(kept), ...made }
  return record.name === undefined || sources.length > 0 ? { document } : named(document, record.name, plan)
}

/** The text that the source makes, or the number where the key has one. */
function keyValueOf(
  record: ReadRecord,
  { field, column, pieces }: KeySource,
  { key, keyTypes }: KeyPlan,
): KeyValue | { readonly reason: string } {
  const texts = pieces?.map((piece, index) => (index % 2 === 0 ? piece : columnText(record, piece)))
  const all = texts ?? [columnText(record, column ?? field)]
  const missing = all.find(text => typeof text !== 'string')
  if (typeof missing === 'object') return missing
  const text = all.join('')
  const type = keyTypes[key.indexOf(field)]
  if (type !== 'number') return text
  const part = numberPart(text)
  return part === undefined ? { reason: `${field} is '${text}', which is not a number` } : keyValue(part, type)
}

/** In an object of records by name the name is the key, where that is one field. */
function named(document: Item, name: string, { key, keyTypes }: KeyPlan): KeyedDocument {
  const [field] = key
  if (key.length > 1) return { document }
  const part = Object.hasOwn(document, field) ? keyPart(document[field], keyTypes[0]) : name
  if (part === name) return { document: { [field]: keyValue(name, keyTypes[0]), ...document } }
  return { reason: `is named ${JSON.stringify(name)}, but its ${field} is ${JSON.stringify(document[field])}` }
}

/** A text or a number as a text; anything else has no one text. */
function columnText({ document, number }: ReadRecord, column: string): string | { readonly reason: string } {
  if (column === '#') return String(number)
  if (!Object.hasOwn(document, column)) return { reason: `has no ${column}, which its key is made of` }
  const value = document[column]
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return { reason: `${column} is ${kindOf(value ?? null)}; a key is made of strings and numbers` }
}
