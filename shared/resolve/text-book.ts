/** What is remembered beside a document with texts: edits, their order, and the text that the oldest of them have made. */
import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import type { Ruling } from './ruling.ts'
import type { TextEdit, Texts } from './text-operation.ts'

export interface BookedEdit {
  /** How many edits of the log its author had applied when it was made, beside the author's own that came before it. */
  readonly base: number
  readonly edit: TextEdit
}

/** What the first `length` edits of the log have made. */
export interface Folded {
  readonly length: number
  /** Absent in what travels: the receiver has it, or can make it. */
  readonly texts?: Texts
  /** The last of these edits of each site, by its counter. */
  readonly last: { readonly [site: SiteId]: number }
}

export interface TextBook {
  /** The order of the edits, by name; absent: nobody has ordered any yet. */
  readonly ruling?: Ruling
  /** By name, without those that are folded. */
  readonly edits: { readonly [name: string]: BookedEdit }
  /** How many edits of the log each site has applied; written by that site alone. What it makes later is made on these. */
  readonly applied: { readonly [site: SiteId]: number }
  readonly folded: Folded
  /** The texts in whose place this one was begun; absent: none (see text-lives.ts). */
  readonly instead?: readonly string[]
}

export const emptyTextBook: TextBook = { edits: {}, applied: {}, folded: { length: 0, texts: {}, last: {} } }

/** Of the captured write with this dot. */
export function editName(site: SiteId, counter: number): string {
  return `${site}:${counter}`
}

export function dotOfEdit(name: string): readonly [site: SiteId, counter: number] {
  const end = name.lastIndexOf(':')
  return [name.slice(0, end), Number(name.slice(end + 1))]
}

/** Names of edits, as the log has them; checked when it came from outside. */
export function namesInLog(log: readonly Json[]): readonly string[] {
  return log.map(String)
}
