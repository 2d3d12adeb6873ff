/**
 * What is left when one site removes a part of a document and another site, not knowing, writes: said in values only,
 * without states, so that it shares no mistake with the merge types.
 *
 * A removed document comes back whole. Of a removed part what the writer touched comes back: complete, but with only
 * the writer's own share of its amounts. An element of a removed set that the writer did not touch stays removed.
 */
import Big from 'big.js'
import { isOneValue, type MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { numberFromDouble, textOfNumber } from '../../shared/document/portable-number.ts'
import { byIdentity, fieldOf } from './documents.ts'

/** From the document down to the removed part; of an array set the identity as JSON. */
export type PartPath = readonly string[]

/** All parts that can be removed one by one. */
export function partsOf(descriptor: MergeDescriptor, value: Json | undefined): readonly PartPath[] {
  const cells = cellsOf(descriptor, value)
  return Object.keys(cells).flatMap(name => [
    [name],
    ...partsOf(below(descriptor, name), cells[name]).map(path => [name, ...path]),
  ])
}

export function withoutPart(descriptor: MergeDescriptor, value: Json | undefined, [name, ...rest]: PartPath): Json {
  const cells = new Map(Object.entries(cellsOf(descriptor, value)))
  if (name === undefined || !cells.has(name)) throw new RangeError('there is no such part')
  if (rest.length === 0) cells.delete(name)
  else cells.set(name, withoutPart(below(descriptor, name), cells.get(name), rest))
  return isArraySet(descriptor) ? [...cells.values()] : Object.fromEntries(cells)
}

/** The value at the end of a path; undefined: absent. */
export function partAt(descriptor: MergeDescriptor, value: Json | undefined, path: PartPath): Json | undefined {
  const [name, ...rest] = path
  if (name === undefined) return value
  const cells = cellsOf(descriptor, value)
  return Object.hasOwn(cells, name) ? partAt(below(descriptor, name), cells[name], rest) : undefined
}

export function descriptorAt(descriptor: MergeDescriptor, path: PartPath): MergeDescriptor {
  return path.reduce(below, descriptor)
}

/** The part that was removed, after the concurrent write of `after` over `before` has met the removal. */
export function revived(
  descriptor: MergeDescriptor,
  before: Json | undefined,
  after: Json | undefined,
): Json | undefined {
  if (after === undefined || jsonEquals(before, after)) return undefined
  if (isOneValue(descriptor)) return after
  if (descriptor.kind === 'counter') return share(before, after)
  return each(descriptor, before, after, descriptor.kind === 'set' ? revived : kept)
}

/** A part below a revived group of fields: it was hidden, not removed. */
function kept(descriptor: MergeDescriptor, before: Json | undefined, after: Json | undefined): Json | undefined {
  if (isOneValue(descriptor) || after === undefined) return after
  if (descriptor.kind === 'counter') return share(before, after)
  return each(descriptor, before, after, descriptor.kind === 'set' ? revived : kept)
}

function each(descriptor: MergeDescriptor, before: Json | undefined, after: Json, step: typeof revived): Document {
  const old = cellsOf(descriptor, before)
  const left = Object.entries(cellsOf(descriptor, after)).flatMap(([name, value]) => {
    const stays = step(below(descriptor, name), Object.hasOwn(old, name) ? old[name] : undefined, value)
    return stays === undefined ? [] : [[name, stays] as const]
  })
  return Object.fromEntries(left)
}

/** As the nearest double: the comparison allows for that. */
function share(before: Json | undefined, after: Json): Json {
  const [from, to] = [textOfNumber(before) ?? '0', textOfNumber(after) ?? '0']
  return numberFromDouble(new Big(to).minus(from).toNumber())
}

/** Array sets as maps at every depth: this comparison leaves order out. */
export function normal(descriptor: MergeDescriptor, value: Json | undefined): Json | undefined {
  if (value === undefined || isOneValue(descriptor) || descriptor.kind === 'counter') return value
  return Object.fromEntries(
    Object.entries(cellsOf(descriptor, value)).map(([name, inner]) => [
      name,
      normal(below(descriptor, name), inner) ?? null,
    ]),
  )
}

function isArraySet(descriptor: MergeDescriptor): boolean {
  return descriptor.kind === 'set' && descriptor.by !== undefined
}

function cellsOf(descriptor: MergeDescriptor, value: Json | undefined): Document {
  if (value === undefined || isOneValue(descriptor) || descriptor.kind === 'counter') return {}
  if (Array.isArray(value) && descriptor.kind === 'set' && descriptor.by !== undefined) {
    return byIdentity(value, descriptor.by)
  }
  if (!isJsonObject(value)) throw new TypeError(`a document does not fit its type: ${JSON.stringify(value)}`)
  return value
}

function below(descriptor: MergeDescriptor, name: string): MergeDescriptor {
  if (descriptor.kind === 'set') return descriptor.element
  if (descriptor.kind !== 'fields') throw new TypeError(`a ${descriptor.kind} has no parts`)
  return fieldOf(descriptor, name)
}
