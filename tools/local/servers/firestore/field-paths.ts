/**
 * Paths into a document: `items.sku.quantity`, with backticks around segments that are no plain identifiers
 * (`` items.`sku-1`.quantity ``) and a backslash before a backtick or backslash inside them.
 *
 * All changes make new maps on the way to the changed field and share the rest.
 */
import { invalidArgument } from './refusal.ts'
import { type Fields, type FirestoreDocument, type FirestoreValue, mapValue, referenceValue } from './values.ts'

export type FieldPath = readonly [string, ...string[]]

const segment = /(?:`((?:[^`\\]|\\.)+)`|([A-Za-z_][A-Za-z0-9_]*))(\.|$)/y

/** Throws INVALID_ARGUMENT for a path that Firestore does not accept. */
export function parseFieldPath(path: string): FieldPath {
  const segments: string[] = []
  let index = 0
  while (index < path.length) {
    segment.lastIndex = index
    const match = segment.exec(path)
    const [, quoted, plain, end] = match ?? []
    const last = segment.lastIndex === path.length
    if (!match || (end === '.' && last)) throw invalidArgument(`Invalid field path "${path}".`)
    segments.push(quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/gs, '$1'))
    index = segment.lastIndex
  }
  const [first, ...rest] = segments
  if (first === undefined) throw invalidArgument('A field path must not be empty.')
  return [first, ...rest]
}

export function fieldAt(fields: Fields, path: FieldPath): FirestoreValue | undefined {
  const [name, ...rest] = path
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  const [next, ...further] = rest
  if (next === undefined) return value
  return value?.valueType === 'mapValue' ? fieldAt(value.mapValue.fields, [next, ...further]) : undefined
}

/** Sets the field; whatever on the way is not a map is replaced by one. */
export function withField(fields: Fields, path: FieldPath, value: FirestoreValue): Fields {
  const [name, next, ...further] = path
  if (next === undefined) return { ...fields, [name]: value }
  return { ...fields, [name]: mapValue(withField(mapAt(fields, name) ?? {}, [next, ...further], value)) }
}

/** Removes the field; a path that leads nowhere leaves everything as it is. */
export function withoutField(fields: Fields, path: FieldPath): Fields {
  if (fieldAt(fields, path) === undefined) return fields
  const [name, next, ...further] = path
  if (next === undefined) {
    const { [name]: _removed, ...kept } = fields
    return kept
  }
  return { ...fields, [name]: mapValue(withoutField(mapAt(fields, name) ?? {}, [next, ...further])) }
}

/** Only the given fields; `undefined` asks for all of them. */
export function project(document: FirestoreDocument, paths: readonly FieldPath[] | undefined): FirestoreDocument {
  if (!paths) return document
  let fields: Fields = {}
  for (const path of paths) {
    const value = fieldAt(document.fields, path)
    if (value) fields = withField(fields, path, value)
  }
  return { ...document, fields }
}

/** Reads a field of documents for queries, where `__name__` stands for the document's own name. */
export function fieldReader(path: string): (document: FirestoreDocument) => FirestoreValue | undefined {
  if (path === '__name__') return document => referenceValue(document.name)
  const parsed = parseFieldPath(path)
  return document => fieldAt(document.fields, parsed)
}

function mapAt(fields: Fields, name: string): Fields | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return value?.valueType === 'mapValue' ? value.mapValue.fields : undefined
}
