/** Key fields as (part of) a document's id, by a template of the declaration, under the rules of one store. */
import { hash } from 'node:crypto'
import { type FieldTexts, fillTemplate, type KeyTemplate, readTemplate } from '../declare/key-template.ts'
import { escapeText, escapeWhole, type IdRules, unescapeText, unescapeWhole } from './id-codec.ts'

export function fillId(template: KeyTemplate, textOf: (field: string) => string, rules: IdRules): string {
  const filled = fillTemplate(template, field => escapeText(textOf(field), refusedIn(template, field, rules)))
  return escapeWhole(filled, rules)
}

/** Undefined: an id that is not made by this template. */
export function readId(template: KeyTemplate, id: string, rules: IdRules): FieldTexts | undefined {
  const texts = readTemplate(template, unescapeWhole(id, rules))
  if (!texts) return undefined
  const values: Record<string, string> = {}
  for (const [field, text] of Object.entries(texts)) {
    values[field] = unescapeText(text, refusedIn(template, field, rules))
  }
  return fillId(template, field => values[field] ?? '', rules) === id ? values : undefined
}

/** A field that has text behind it must not hold what that text begins with. */
function refusedIn({ fields, literals }: KeyTemplate, field: string, { refused }: IdRules): readonly string[] {
  const index = fields.indexOf(field)
  const separator = index === fields.length - 1 ? undefined : literals[index + 1]?.[0]
  return separator === undefined || refused.includes(separator) ? refused : [...refused, separator]
}

/** In place of an id that is too long for its store. The document's key fields tell whose it is. */
export function hashedId(id: string): string {
  return `~${hash('sha256', id, 'base64url')}`
}
