/**
 * One site removes an element while another changes it: what is left?
 *
 * What the remover did not see (observed-remove set, Shapiro et al. 2011; riak_dt's map): the changed element stays,
 * complete, with only the concurrent part of its amounts. The same new element added at two sites is one element
 * whose parts merge. Two forms: a map `{ <identity>: element }`, or an array whose elements name themselves in a field.
 *
 * Not for collections whose size is limited (seats, stock): two sites can each add the last one.
 */
import { type Document, emptyObject, isJsonObject, type Json } from '../document/json.ts'
import { createCells } from './cells.ts'
import { createFields } from './fields.ts'
import type { CellsState, MergeType, Misfit, Path } from './merge-type.ts'
import { registerType } from './register.ts'

export function createSet(element: MergeType): MergeType<CellsState> {
  return createCells({ typeOf: () => element, whenRemoved: 'remove-cells', shape: 'a set' })
}

/**
 * A set written as an array. Inside it is a map of its elements and a register for their order: of concurrent orders
 * the latest counts, and elements that it does not know follow at the end.
 */
export function createArraySet(element: MergeType, by: string): MergeType<CellsState> {
  const parts = createFields(
    new Map<string, MergeType>([
      ['members', createSet(element)],
      ['order', registerType],
    ]),
    registerType,
  )

  function identityOf(item: Json): string | undefined {
    const identity = isJsonObject(item) && Object.hasOwn(item, by) ? item[by] : undefined
    return typeof identity === 'string' || typeof identity === 'number' ? String(identity) : undefined
  }

  function toParts(value: Json | undefined): Document | undefined {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw new TypeError('a set by identity is an array: misfit() was not asked')
    const members: Record<string, Json> = emptyObject()
    const order: string[] = []
    for (const item of value as readonly Json[]) {
      const identity = identityOf(item) ?? ''
      members[identity] = item
      order.push(identity)
    }
    return { members, order }
  }

  function fromParts(document: Json | undefined): Json | undefined {
    if (document === undefined || !isJsonObject(document)) return undefined
    const members = isJsonObject(document.members) ? document.members : {}
    const order = Array.isArray(document.order) ? (document.order as readonly Json[]).map(String) : []
    const names = new Set([...order.filter(name => Object.hasOwn(members, name)), ...Object.keys(members).sort()])
    return [...names].map(name => members[name] ?? null)
  }

  function misfit(value: Json, path: Path): Misfit | undefined {
    if (!Array.isArray(value)) return { path, reason: `a set by '${by}' is an array` }
    const seen = new Set<string>()
    for (const [index, item] of (value as readonly Json[]).entries()) {
      const at = [...path, String(index)]
      const identity = identityOf(item)
      if (identity === undefined) return { path: at, reason: `an element needs a string or number in '${by}'` }
      if (seen.has(identity)) return { path: at, reason: `a second element with '${by}' ${JSON.stringify(identity)}` }
      seen.add(identity)
      const below = element.misfit(item, at)
      if (below) return below
    }
    return undefined
  }

  return {
    ...parts,
    misfit,
    write: (state, before, after, stamp) => parts.write(state, toParts(before), toParts(after), stamp),
    view: state => fromParts(parts.view(state)),
  }
}
