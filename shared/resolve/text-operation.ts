/**
 * What an edit did to a text, and what becomes of it when another edit of the same text comes first.
 *
 * Operational transformation in the form of ot-text-unicode: skip so many characters, insert these, delete so many, in code
 * points, so that no pair of surrogates is ever cut. Of two that were made on the same text either may come first, if the
 * other one is transformed (TP1); that is all that is needed where somebody says in what order they come.
 */
import { type as ot } from 'ot-text-unicode'
import { setField } from '../document/json.ts'

/** A number: skip so many characters; a text: insert it; `d`: delete so many. What is behind stays. */
export type TextOp = readonly TextPart[]

type TextPart = number | string | { readonly d: number }

/** By field. */
export type TextEdit = { readonly [field: string]: TextOp }

export type Texts = { readonly [field: string]: string }

export function textIn(texts: Texts, field: string): string {
  return Object.hasOwn(texts, field) ? (texts[field] ?? '') : ''
}

/** Where the text is shorter than the operation expects, it ends there: nothing is inserted anywhere else than it can be. */
export function applyOp(text: string, op: TextOp): string {
  let at = 0
  let applied = ''
  for (const part of op) {
    if (typeof part === 'string') {
      applied += part
      continue
    }
    const end = unitsAfter(text, at, typeof part === 'number' ? part : part.d)
    if (typeof part === 'number') applied += text.slice(at, end)
    at = end
  }
  return applied + text.slice(at)
}

function unitsAfter(text: string, start: number, characters: number): number {
  let at = start
  for (let left = characters; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return at
}

export function charactersIn(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** What an operation on texts of such lengths, read as one, does to each of them. Between two it inserts behind the first. */
export function dividedOp(op: TextOp, lengths: readonly number[]): readonly TextOp[] {
  const divided: TextPart[][] = lengths.map(() => [])
  let at = 0
  let left = lengths[0] ?? 0
  for (const part of op) {
    if (typeof part === 'string') {
      divided[at]?.push(part)
      continue
    }
    for (let count = typeof part === 'number' ? part : part.d; count > 0 && at < lengths.length; ) {
      const taken = Math.min(count, left)
      if (taken > 0) divided[at]?.push(typeof part === 'number' ? taken : { d: taken })
      count -= taken
      left -= taken
      if (count > 0) left = lengths[++at] ?? 0
    }
  }
  return divided.map(parts => (typeof parts.at(-1) === 'number' ? parts.slice(0, -1) : parts))
}

export function applyEdit(texts: Texts, edit: TextEdit): Texts {
  const applied: Record<string, string> = { ...texts }
  for (const [field, op] of Object.entries(edit)) setField(applied, field, applyOp(textIn(texts, field), op))
  return applied
}

/** An edit with the site that made it. */
export interface AuthoredEdit {
  readonly site: string
  readonly edit: TextEdit
}

/**
 * What `late` becomes if `early`, made on the same text by another site, is applied before it. Of two insertions at one
 * place the one of the lower site stands first, so that what two people type there does not get mixed.
 */
export function transformed(late: AuthoredEdit, early: AuthoredEdit): TextEdit {
  const side = late.site < early.site ? 'left' : 'right'
  const edit: Record<string, TextOp> = {}
  for (const [field, op] of Object.entries(late.edit)) {
    const other = Object.hasOwn(early.edit, field) ? early.edit[field] : undefined
    setField(edit, field, other ? transformedOp(op, other, side) : op)
  }
  return edit
}

function transformedOp(op: TextOp, other: TextOp, side: 'left' | 'right'): TextOp {
  // Deletions are counted in both, and so in what comes of them.
  return ot.transform([...op], [...other], side) as TextOp
}

/** Characters that an edit brings, and some room for every step of it. */
export function editSize(edit: TextEdit): number {
  const sizes = Object.values(edit).flatMap(op => op.map(part => (typeof part === 'string' ? part.length : 8)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

export function isTextOp(value: unknown): value is TextOp {
  if (!Array.isArray(value) || !value.every(isPart)) return false
  try {
    ot.checkOp(value)
    return true
  } catch {
    return false
  }
}

function isPart(part: unknown): boolean {
  if (typeof part === 'string') return part !== '' && part.isWellFormed()
  if (typeof part === 'number') return Number.isSafeInteger(part) && part > 0
  if (typeof part !== 'object' || part === null || !('d' in part)) return false
  return Number.isSafeInteger(part.d) && Number(part.d) > 0 && Object.keys(part).length === 1
}
