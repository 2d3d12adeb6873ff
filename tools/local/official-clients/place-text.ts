/** Where an application finds its own items: it fills its templates itself, as applications do. */
import type { DataLocation } from '../local-site.ts'

export interface KeyText {
  readonly attribute: string
  readonly template: string
}

/** `CUSTOMER#{customer_id}` with the fields of a document or of a key. */
export function fillText(template: string, fields: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{([^{}]*)\}/g, (_, field: string) => String(fields[field]))
}

/** The key fields with their values: of a number in the key a number. */
export function keyFields(location: DataLocation | undefined, key: readonly string[]): Record<string, string | number> {
  const types: readonly unknown[] = Array.isArray(location?.keyTypes) ? location.keyTypes : []
  return Object.fromEntries(
    (location?.key ?? []).map((name, index) => [
      name,
      types[index] === 'number' ? Number(key[index]) : (key[index] ?? ''),
    ]),
  )
}

/** The value of a key attribute: of just a key field its own. */
export function keyTextValue(
  { attribute, template }: KeyText,
  fields: Readonly<Record<string, unknown>>,
): string | number {
  const own = template === `{${attribute}}` ? fields[attribute] : undefined
  return typeof own === 'number' ? own : fillText(template, fields)
}
