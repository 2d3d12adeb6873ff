/**
 * Partial document update: operations on paths of a document, all or none.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/partial-document-update#supported-operations
 */
import { z } from 'zod'
import type { Document, Json } from '../../../../shared/document/json.ts'
import { isJsonObject } from '../../../../shared/document/json.ts'
import { jsonSchema } from './http-exchange.ts'
import { badRequest } from './refusal.ts'

const operationsMax = 10
const servicesOwn = new Set(['id', '_rid', '_self', '_etag', '_attachments', '_ts'])

const path = z.string().startsWith('/')
const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.enum(['add', 'set', 'replace']), path, value: jsonSchema }),
  z.object({ op: z.literal('remove'), path }),
  z.object({ op: z.literal('incr'), path, value: z.number() }),
  z.object({ op: z.literal('move'), path, from: path }),
])
const operationsSchema = z.array(operationSchema).min(1).max(operationsMax)

/** The clients send the operations alone, or together with a condition: `from c where c.stock > 0`. */
export const patchSchema = z.union([
  operationsSchema.transform(operations => ({ operations, condition: undefined })),
  z.object({ operations: operationsSchema, condition: z.string().optional() }),
])

export type Patch = z.infer<typeof patchSchema>
type Operation = z.infer<typeof operationSchema>

/** Changes what stands at `name` in its parent. */
type Edit = (parent: Json, name: string) => Json

/** The document after all operations. Throws 400 where a path does not exist or may not be changed. */
export function patched(document: Document, operations: readonly Operation[]): Document {
  const result = operations.reduce<Json>(apply, document)
  if (!isJsonObject(result)) throw new Error('a patched document is an object')
  return result
}

function apply(document: Json, operation: Operation): Json {
  const { path } = operation
  switch (operation.op) {
    case 'add':
      return edited(document, path, (parent, name) => added(parent, name, operation.value))
    case 'set':
      return edited(document, path, (parent, name) => assigned(parent, name, operation.value))
    case 'replace':
      return edited(document, path, (parent, name) => {
        existing(parent, name)
        return assigned(parent, name, operation.value)
      })
    case 'remove':
      return edited(document, path, removed)
    case 'incr':
      return edited(document, path, (parent, name) => incremented(parent, name, operation.value))
    case 'move':
      return moved(document, operation.from, path)
  }
}

function edited(document: Json, path: string, edit: Edit): Json {
  const names = namesOf(path)
  if (servicesOwn.has(names[0] ?? '')) throw badRequest(`Cannot patch system property ${path}.`)
  return editedBelow(document, names, edit)
}

function editedBelow(parent: Json, names: readonly string[], edit: Edit): Json {
  const [name = '', ...rest] = names
  if (rest.length === 0) return edit(parent, name)
  return assigned(parent, name, editedBelow(existing(parent, name), rest, edit))
}

function added(parent: Json, name: string, value: Json): Json {
  if (!Array.isArray(parent)) return assigned(parent, name, value)
  const index = name === '-' ? parent.length : indexOf(name)
  if (index > parent.length) throw outOfRange(name)
  return parent.toSpliced(index, 0, value)
}

function assigned(parent: Json, name: string, value: Json): Json {
  if (isJsonObject(parent)) return { ...parent, [name]: value }
  if (!Array.isArray(parent)) throw noSuchPath(name)
  const index = name === '-' ? parent.length : indexOf(name)
  if (index > parent.length) throw outOfRange(name)
  return parent.toSpliced(index, 1, value)
}

function removed(parent: Json, name: string): Json {
  existing(parent, name)
  if (Array.isArray(parent)) return parent.toSpliced(indexOf(name), 1)
  if (!isJsonObject(parent)) throw noSuchPath(name)
  const { [name]: _, ...rest } = parent
  return rest
}

function incremented(parent: Json, name: string, by: number): Json {
  const before = child(parent, name) ?? 0
  if (typeof before !== 'number') throw badRequest(`Increment needs a number at '${name}'.`)
  return assigned(parent, name, before + by)
}

function moved(document: Json, from: string, path: string): Json {
  if (path.startsWith(`${from}/`)) throw badRequest(`Cannot move ${from} below itself.`)
  const value = namesOf(from).reduce<Json>(existing, document)
  return edited(edited(document, from, removed), path, (parent, name) => added(parent, name, value))
}

function existing(parent: Json, name: string): Json {
  const value = child(parent, name)
  if (value === undefined) throw noSuchPath(name)
  return value
}

function child(parent: Json, name: string): Json | undefined {
  if (Array.isArray(parent)) return parent[indexOf(name)]
  if (isJsonObject(parent)) return Object.hasOwn(parent, name) ? parent[name] : undefined
  throw noSuchPath(name)
}

function indexOf(name: string): number {
  if (!/^(0|[1-9]\d*)$/.test(name)) throw badRequest(`'${name}' is not an index of an array.`)
  return Number(name)
}

/** As in JSON Patch, `~1` stands for a slash and `~0` for a tilde. */
function namesOf(path: string): readonly string[] {
  return path
    .slice(1)
    .split('/')
    .map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function noSuchPath(name: string): Error {
  return badRequest(`The patch path does not exist: '${name}'.`)
}

function outOfRange(name: string): Error {
  return badRequest(`The index ${name} is beyond the end of the array.`)
}
