/**
 * A merge state as compact JSON, for sync records and for changes. Sites, writes and lists of names are numbers of a table
 * beside it (stamp-table.ts); what a cell is shows from its form, so that a text can be read without its declaration:
 *
 * - `null`: a delta's cell that is empty now;
 * - a register, `[write, value]`, with further pairs for its siblings;
 * - a counter, `[[write, ...], [write, up, down, upReset, downReset, ...]]`: what keeps it present, and its slots, each
 *   named by the write that began it, without the zeros at the end;
 * - what is remembered beside a document, `{ l: value }`;
 * - named cells, `[[write, ...], names, cell, ...]`, one cell for each of the names, and 1 behind them if a delta speaks for
 *   all below.
 */
import type { Dot } from '../causality/dot.ts'
import { isJsonObject, type Json } from '../document/json.ts'
import { isAmount } from './amount.ts'
import type { Amount, CellState, CellsState, CounterState, RegisterState, Sibling, Slot } from './merge-type.ts'
import { type NamedCell, NamedCells } from './named-cells.ts'
import type { StampTable, StampTableWriter } from './stamp-table.ts'

/** Not the compact form of a state. */
class StateMalformed extends Error {
  constructor(reason: string) {
    super(`no merge state: ${reason}`)
    this.name = 'StateMalformed'
  }
}

export function encodeState(state: CellState | null, table: StampTableWriter): Json {
  if (state === null) return null
  if (isRegister(state)) return encodeRegister(state, table)
  if ('lattice' in state) return { l: state.lattice }
  const present: number[] = []
  for (const dot of state.present) present.push(table.dotNumber(dot[0], dot[1]))
  if ('slots' in state) return [present, encodeSlots(state, table)]
  const encoded: Json[] = [present, table.shapeNumber(state.cells.names)]
  for (const cell of state.cells.values) encoded.push(encodeState(cell, table))
  if (state.whole) encoded.push(1)
  return encoded
}

/** `Array.isArray` does not tell a read-only array from an object. */
function isRegister(state: CellState): state is RegisterState {
  return Array.isArray(state)
}

function encodeRegister(state: RegisterState, table: StampTableWriter): Json {
  const pairs: Json[] = []
  for (const [site, counter, hlc, value, late] of state) pairs.push(table.stampNumber(site, counter, hlc, late), value)
  return pairs
}

function encodeSlots({ slots }: CounterState, table: StampTableWriter): Json {
  const flat: Json[] = []
  for (const site of Object.keys(slots)) {
    const slot = slots[site]
    if (slot) flat.push(table.dotNumber(site, slot[0]), slot[1], slot[2], slot[3], slot[4])
  }
  while (flat.length % 5 !== 1 && flat.at(-1) === 0) flat.pop()
  return flat
}

/** Throws `StateMalformed` or `NotInTable`. Whether the state is one of its declared type is not asked here. */
function decodeState(encoded: Json | undefined, table: StampTable): CellState | null {
  if (encoded === null) return null
  if (isJsonObject(encoded) && encoded.l !== undefined) return { lattice: encoded.l }
  if (!isArray(encoded)) throw new StateMalformed('a cell is null or an array, or an object with l')
  const present = encoded[0]
  if (!isArray(present)) return decodeRegister(encoded, table)
  const body = encoded[1]
  const dots: Dot[] = []
  for (const index of present) dots.push(table.dot(index))
  if (isArray(body)) return { present: dots, slots: decodeSlots(body, table) }
  const names = table.names(body)
  const end = names.length + 2
  const isWhole = encoded.length === end + 1 && encoded[end] === 1
  if (encoded.length !== end && !isWhole) throw new StateMalformed('there is one cell for each name')
  const values: NamedCell[] = []
  for (let index = 2; index < end; index++) values.push(decodeState(encoded[index], table))
  const cells = new NamedCells(names, values)
  return isWhole ? { present: dots, cells, whole: true } : { present: dots, cells }
}

/** The state of a record or of a change: named cells, or none at all. Throws like `decodeState`. */
export function decodeCells(encoded: Json | undefined, table: StampTable): CellsState | undefined {
  const state = decodeState(encoded, table)
  if (state === null) return undefined
  if ('cells' in state) return state
  throw new StateMalformed('the outermost cell has named cells')
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function decodeRegister(pairs: readonly Json[], table: StampTable): RegisterState {
  if (pairs.length === 0 || pairs.length % 2 !== 0) throw new StateMalformed('a register is pairs of write and value')
  const siblings: Sibling[] = []
  for (let index = 0; index < pairs.length; index += 2) {
    const dot = table.dot(pairs[index])
    const value = pairs[index + 1] ?? null
    const late = table.late(pairs[index])
    const hlc = table.hlc(pairs[index])
    siblings.push(late ? [dot[0], dot[1], hlc, value, late] : [dot[0], dot[1], hlc, value])
  }
  return siblings
}

function decodeSlots(flat: readonly Json[], table: StampTable): CounterState['slots'] {
  const slots: Record<string, Slot> = {}
  for (let index = 0; index < flat.length; index += 5) {
    const [site, since] = table.dot(flat[index])
    slots[site] = [
      since,
      amountAt(flat, index + 1),
      amountAt(flat, index + 2),
      amountAt(flat, index + 3),
      amountAt(flat, index + 4),
    ]
  }
  return slots
}

function amountAt(flat: readonly Json[], index: number): Amount {
  const amount = index < flat.length ? flat[index] : 0
  if (!isAmount(amount)) throw new StateMalformed('a slot is a write and four amounts')
  return amount
}
