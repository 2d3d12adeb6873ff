/** The parts of a key, which are texts between the sites, and the values that stand in documents. */
import Big from 'big.js'
import type { KeyType, TypePlan } from '../declare/sync-plan.ts'
import type { RecordKey } from '../replicate/record-ref.ts'

export type KeyValue = string | number

type KeyPlan = Pick<TypePlan, 'key' | 'keyTypes'>

/** The value of each key field, as documents hold it. */
export function keyFieldsOf({ key, keyTypes }: KeyPlan, parts: RecordKey): Readonly<Record<string, KeyValue>> {
  return Object.fromEntries(key.map((field, index) => [field, keyValue(parts[index] ?? '', keyTypes[index])]))
}

export function keyValue(part: string, type: KeyType | undefined): KeyValue {
  return type === 'number' ? Number(part) : part
}

/** The part that a value of a document is. Undefined: it is none of a key field of this type. */
export function keyPart(value: unknown, type: KeyType | undefined): string | undefined {
  if (type !== 'number') return typeof value === 'string' && value !== '' ? value : undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  return numberPart(String(value))
}

/** A number in whatever writing. Undefined: none, or one with more digits than a JSON number keeps. */
export function numberPart(text: string): string | undefined {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return undefined
  const number = Number(text)
  return Number.isFinite(number) && Big(text).eq(Big(number)) ? String(number) : undefined
}

/** The parts of a key from texts by field. Undefined: a text that is no number where the key has one. */
export function partsFrom(
  { key, keyTypes }: KeyPlan,
  texts: { readonly [field: string]: string },
): RecordKey | undefined {
  const parts = key.flatMap((field, index) => {
    const text = texts[field]
    if (text === undefined || text === '') return []
    // As it is written in no other way, so that one record has one name.
    return keyTypes[index] !== 'number' || numberPart(text) === text ? [text] : []
  })
  return parts.length === key.length ? parts : undefined
}

/** Whether every key field that a document holds is the key's. The first one that is not. */
export function contradictingField(
  plan: KeyPlan,
  parts: RecordKey,
  document: Readonly<Record<string, unknown>>,
): string | undefined {
  return plan.key.find((field, index) => {
    if (!Object.hasOwn(document, field)) return false
    return keyPart(document[field], plan.keyTypes[index]) !== parts[index]
  })
}
