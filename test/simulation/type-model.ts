/**
 * What the captured writes of a record make, by a plain model of its type: for each part of the document the writes of
 * it and who had seen whom. No states, no deltas, no joins, and nothing of the merge types' code.
 */
import type { Document, Json } from '../../shared/document/json.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import { type Captured, happenedBefore } from './captured.ts'
import { child, openPuts, type Put, survivors } from './puts.ts'

/** What the writes of one part did to it. */
export interface Step {
  readonly by: Captured
  /** What it is part of was begun anew: nothing of before may be left. */
  readonly fresh: boolean
  readonly before: Json | undefined
  readonly after: Json | undefined
}

export type Value = Put & { readonly value: Json }

/** What is shown of several values, and by which rule. */
export interface Shown {
  readonly value: Json
  /** Whose it is; absent: it was made of them. */
  readonly put?: Value
  readonly rule: string
}

/** One value as a whole. */
export interface OneValue {
  readonly kind: 'one value'
  /** Of those that no later write replaced, from the first to the last. */
  readonly shows: (open: readonly Value[]) => Shown
  /** Somebody has to look at values that differ. */
  readonly review: boolean
  /** Absent: every write is taken. */
  readonly refuses?: (step: Step) => boolean
  /** The rule by which a refused write is undone. */
  readonly undoneBy?: { readonly rule: string; readonly review?: true }
}

/** A number that is added to. */
export interface Amount {
  readonly kind: 'amount'
}

export interface Parts {
  readonly kind: 'parts'
  readonly named: { readonly [name: string]: Model }
  /** Of every part that is not named. */
  readonly unnamed: Model
  /** It cannot be removed while what it is part of stays. */
  readonly stays?: true
  /** Of a document: the field that is not the applications' to write, and what it says of the values that are there. */
  readonly computed?: { readonly name: string; readonly from: (visible: readonly Cell[]) => Json | undefined }
}

export type Model = OneValue | Amount | Parts

export interface Cell {
  readonly path: readonly string[]
  readonly model: OneValue
  readonly open: readonly Value[]
  readonly shown: Shown | undefined
  /** It is in the document. */
  readonly visible: boolean
}

/** A part of a write that was not taken. */
export interface Refused {
  readonly by: Captured
  readonly path: readonly string[]
  readonly value: Json | undefined
  readonly rule: string
  readonly review?: true
}

interface Part {
  readonly value: Json | undefined
  /** The captures that changed something here. */
  readonly touched: ReadonlySet<Captured>
  readonly cells: readonly Cell[]
  readonly refused: readonly Refused[]
}

export interface ModelledRecord {
  readonly document: Document | undefined
  readonly cells: readonly Cell[]
  readonly refused: readonly Refused[]
}

export function modelledRecord(model: Model, captures: readonly Captured[]): ModelledRecord {
  const record = takenRecord(model, captures)
  if (model.kind !== 'parts' || !model.computed) return record
  return { ...record, refused: [...record.refused, ...wronglyComputed(model, model.computed.name, captures)] }
}

function takenRecord(model: Model, captures: readonly Captured[]): ModelledRecord {
  const all = captures.map((by): Step => ({ by, fresh: by.before === undefined, before: by.before, after: by.after }))
  // What is refused as a whole document does nothing at all.
  const taken = model.kind === 'one value' ? all.filter(step => !model.refuses?.(step)) : all
  const refused = all.filter(step => !taken.includes(step)).map(step => refusal(step, [], model))
  const part = partOf(
    model,
    taken.filter(({ after }) => after !== undefined),
    [],
  )
  const touches = taken.filter(({ by, fresh, after }) => after !== undefined && (fresh || part.touched.has(by)))
  const removals = taken.filter(({ after }) => after === undefined)
  const exists = survivors(touches, removals).length > 0
  return {
    document: exists && isObject(part.value) ? withComputed(part.value, part.cells, model) : undefined,
    cells: exists ? part.cells : part.cells.map(cell => ({ ...cell, visible: false })),
    refused: [...refused, ...part.refused],
  }
}

function withComputed(document: Document, cells: readonly Cell[], model: Model): Document {
  const computed = model.kind === 'parts' ? model.computed : undefined
  const value = computed?.from(cells.filter(({ visible }) => visible))
  return computed && value !== undefined ? { ...document, [computed.name]: value } : document
}

/** Written otherwise than it comes out with all that was known there. */
function wronglyComputed(model: Model, name: string, captures: readonly Captured[]): readonly Refused[] {
  return captures.flatMap((by): readonly Refused[] => {
    const value = child(by.after, name)
    if (value === undefined || value === child(by.before, name)) return []
    const known = captures.filter(other => other === by || happenedBefore(other, by))
    const { document } = takenRecord(model, known)
    return value === child(document, name) ? [] : [{ by, path: [name], value, rule: 'owned-by-tributary' }]
  })
}

/** Where in a model a path leads; undefined: to nothing that is one value. */
export function modelAt(model: Model, [name, ...below]: readonly string[]): Model | undefined {
  if (name === undefined) return model
  return model.kind === 'parts' ? modelAt(partModel(model, name), below) : undefined
}

export function lostIn({ open, shown }: Cell): readonly Value[] {
  return open.filter(put => put !== shown?.put)
}

function partOf(model: Model, steps: readonly Step[], path: readonly string[]): Part {
  if (model.kind === 'one value') return oneValue(model, steps, path)
  return model.kind === 'amount' ? amountOf(steps) : wholeOf(model, steps, path)
}

function oneValue(model: OneValue, steps: readonly Step[], path: readonly string[]): Part {
  const refused = steps.filter(step => isWritten(step) && model.refuses?.(step))
  const taken = steps.filter(step => !refused.includes(step))
  const puts = [
    ...taken.map(({ by, after }) => ({ by, value: after })),
    // What an earlier document held is gone all the same.
    ...refused.filter(({ fresh }) => fresh).map(({ by }) => ({ by, value: undefined })),
  ]
  const open = openPuts(puts)
  const shown = open.length > 0 ? shownOf(model, open) : undefined
  return {
    value: shown?.value,
    touched: new Set(taken.map(({ by }) => by)),
    cells: [{ path, model, open, shown, visible: true }],
    refused: refused.map(step => refusal(step, path, model)),
  }
}

export function shownOf(model: OneValue, open: readonly Value[]): Shown {
  const [put] = open
  return open.length === 1 && put ? { value: put.value, put, rule: '' } : model.shows(open)
}

function isWritten({ before, after }: Step): boolean {
  return before !== undefined || after !== undefined
}

function refusal({ by, after }: Step, path: readonly string[], model: Model): Refused {
  const undoneBy = model.kind === 'one value' ? model.undoneBy : undefined
  return { by, path, value: after, rule: '', ...undoneBy }
}

function amountOf(steps: readonly Step[]): Part {
  const written = steps.filter(({ after }) => after !== undefined)
  const removed = steps.filter(({ after }) => after === undefined)
  const begun = steps.filter(({ before, after }) => before === undefined || after === undefined)
  const counted = survivors(written, begun)
  const total = counted.reduce((sum, { before, after }) => sum + numberOf(after) - numberOf(before), 0)
  return {
    value: survivors(written, removed).length > 0 ? total : undefined,
    touched: new Set(steps.map(({ by }) => by)),
    cells: [],
    refused: [],
  }
}

function wholeOf(model: Parts, steps: readonly Step[], path: readonly string[]): Part {
  const written = steps.flatMap(({ before, after }) =>
    [before, after].flatMap(value => (isObject(value) ? Object.keys(value) : [])),
  )
  const names = new Set([...Object.keys(model.named), ...written].filter(name => name !== model.computed?.name))
  const parts = [...names]
    .sort()
    .map(name => [name, partOf(partModel(model, name), stepsBelow(model, steps, name), [...path, name])] as const)
  const ends = steps.filter(({ fresh, after }) => after === undefined && (fresh || !model.stays))
  const begun = steps.filter(({ before, after }) => before === undefined && after !== undefined)
  const touched = steps.filter(
    step => ends.includes(step) || begun.includes(step) || parts.some(([, part]) => part.touched.has(step.by)),
  )
  const present = survivors(
    touched.filter(({ after }) => after !== undefined),
    ends,
  )
  const visible = present.length > 0
  const cells = parts.flatMap(([, part]) => part.cells)
  return {
    value: visible
      ? Object.fromEntries(parts.flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])))
      : undefined,
    touched: new Set(touched.map(({ by }) => by)),
    cells: visible ? cells : cells.map(cell => ({ ...cell, visible: false })),
    refused: parts.flatMap(([, part]) => part.refused),
  }
}

function partModel(model: Parts, name: string): Model {
  return Object.hasOwn(model.named, name) ? (model.named[name] ?? model.unnamed) : model.unnamed
}

function stepsBelow(model: Parts, steps: readonly Step[], name: string): readonly Step[] {
  return steps.flatMap(({ by, fresh: anew, before, after }): readonly Step[] => {
    // Removed, and what is in it is kept in case somebody goes on with it.
    if (after === undefined && !anew && !model.stays) return []
    const fresh = anew || before === undefined
    const [x, y] = [fresh ? undefined : child(before, name), child(after, name)]
    if (!fresh && (x === y || jsonEquals(x, y))) return []
    return [{ by, fresh, before: x, after: y }]
  })
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}

function isObject(value: Json | undefined): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
