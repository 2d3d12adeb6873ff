/**
 * One site removes an element while another changes it: what is left?
 *
 * What the remover did not see (observed-remove set, Shapiro et al. 2011; riak_dt's map): the changed element stays,
 * complete, with only the concurrent part of its amounts. The same new element added at two sites is one element
 * whose parts merge. Two forms: a map `{ <identity>: element }`, or an array whose elements name themselves in a field.
 *
 * Not for collections whose size is limited (seats, stock): two sites can each add the last one.
 */
import { type Document, isJsonObject, type Json, setField } from '../document/json.ts'
import { originsBeside } from './beside.ts'
import { createCells } from './cells.ts'
import { createFields } from './fields.ts'
import type { CellsState, MergeType, Misfit, Path } from './merge-type.ts'
import { registerType } from './register.ts'

export function createSet(element: MergeType): MergeType<CellsState> {
  return createCells({
    typeOf: () => element,
    whenRemoved: 'remove-cells',
    shape: 'a set',
    corrects: element.corrects,
  })
}

/**
 * A set written as an array. Inside it is a map of its elements and a register for their order: of concurrent orders
 * the latest counts, and elements that it does not know follow at the end.
 *
 * An element's identity is the name of its cell and no field below it: a field could be cleared by one site while
 * another keeps the element alive, and what is left would have no name.
 */
export function createArraySet(element: MergeType, by: string): MergeType<CellsState> {
  const members = createSet(element)
  const isNamed = (value: unknown): value is CellsState => members.isState(value) && value.cells.names.every(isName)
  const parts = createFields(
    new Map<string, MergeType>([
      ['members', { ...members, isState: isNamed }],
      ['order', registerType],
    ]),
    registerType,
  )

  function toParts(value: Json | undefined): Document | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw new TypeError('a set by identity is an array: misfit() was not asked')
    const elements: Record<string, Json> = {}
    const order: string[] = []
    for (const item of value as readonly Json[]) {
      const name = nameOf(item, by)
      if (name === undefined || !isJsonObject(item))
        throw new TypeError('an element has no identity: misfit() was not asked')
      setField(elements, name, without(item, by))
      order.push(name)
    }
    return { members: elements, order }
  }

  function fromParts(document: Json | undefined): Json | undefined {
    if (document === undefined || !isJsonObject(document)) return undefined
    const elements = isJsonObject(document.members) ? document.members : {}
    const order = Array.isArray(document.order) ? (document.order as readonly Json[]).map(String) : []
    const names = new Set([...order.filter(name => Object.hasOwn(elements, name)), ...Object.keys(elements).sort()])
    return [...names].map(name => named(name, elements[name], by))
  }

  function misfit(value: Json, path: Path): Misfit | undefined {
    if (!Array.isArray(value)) return { path, reason: `a set by '${by}' is an array` }
    const seen = new Set<string>()
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const at = [...path, String(index)]
      const name = nameOf(item, by)
      if (name === undefined || !isJsonObject(item))
        return { path: at, reason: `an element needs a string or number in '${by}'` }
      if (seen.has(name)) return { path: at, reason: `a second element with '${by}' ${name}` }
      seen.add(name)
      const below = element.misfit(without(item, by), at)
      if (below) return below
    }
    return undefined
  }

  return {
    ...parts,
    misfit,
    origins: originsBeside(parts, 'members'),
    write: (state, before, after, stamp) => parts.write(state, toParts(before), toParts(after), stamp),
    view: state => fromParts(parts.view(state)),
  }
}

/** An element's identity as JSON: the number 7 and the text '7' are two. */
function nameOf(item: Json, by: string): string | undefined {
  const identity = isJsonObject(item) && Object.hasOwn(item, by) ? item[by] : undefined
  return typeof identity === 'string' || typeof identity === 'number' ? JSON.stringify(identity) : undefined
}

function isName(name: string): boolean {
  try {
    const identity: unknown = JSON.parse(name)
    return typeof identity === 'string' || typeof identity === 'number'
  } catch {
    return false
  }
}

function without(item: Document, by: string): Document {
  const rest: Record<string, Json> = { ...item }
  delete rest[by]
  return rest
}

function named(name: string, element: Json | undefined, by: string): Document {
  const item: Record<string, Json> = {}
  setField(item, by, JSON.parse(name))
  return isJsonObject(element) ? { ...item, ...element } : item
}
