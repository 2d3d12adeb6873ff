/**
 * Where a record is in DynamoDB: the attributes that are made from its key. The table's own key attributes always are;
 * the key fields stand beside them as attributes of their own, unless the declaration says that this application's items
 * hold none. Neither is part of the document.
 */

import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { isNumberKey } from '../../shared/declare/placement.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { keyFromTable, tableKey } from '../../shared/place/aws-place.ts'
import { type KeyValue, keyFieldsOf, numberPart } from '../../shared/place/key-value.ts'
import { ValueRefused } from '../../shared/ports/index.ts'
import type { RecordKey, RecordRef } from '../../shared/replicate/record-ref.ts'

/** Of the SDK's attributes and those of an event. */
type KeyAttributes = Readonly<Record<string, { readonly S?: string; readonly N?: string } | undefined>>

/** The key of a record's item. Throws `ValueRefused` for one that the table cannot hold. */
export function keyItem(ref: RecordRef, type: TypePlan): Record<string, AttributeValue> {
  return attributesOf(tableKey(ref, type))
}

/** All that an item which a merge creates holds of its key. Throws `ValueRefused`. */
export function keyAttributes(ref: RecordRef, type: TypePlan): Record<string, AttributeValue> {
  const ownFields = type.at.aws.keyAttributes ? keyFieldsOf(type, ref.key) : {}
  return attributesOf({ ...ownFields, ...tableKey(ref, type) })
}

/** Whether an attribute is made from the key, and so no part of the document. */
export function isKeyAttribute({ key, at: { aws } }: TypePlan, name: string): boolean {
  return key.includes(name) || aws.key.some(({ attribute }) => attribute === name)
}

/** Throws `ValueRefused` for an item whose key fields are not those of its place. */
export function refuseOtherKey(ref: RecordRef, { key, keyTypes }: TypePlan, item: KeyAttributes): void {
  const wrong = key.find((field, index) => {
    const value = item[field]
    const part = keyTypes[index] === 'number' ? numberPart(value?.N ?? '') : value?.S
    return value !== undefined && part !== ref.key[index]
  })
  if (wrong !== undefined) throw new ValueRefused(ref, [wrong], 'a key field that contradicts the key of its item')
}

/** What an event's keys name: a record of this type, or an item of another (`undefined`). */
export function keyOfItem(type: TypePlan, keys: KeyAttributes): RecordKey | undefined {
  return keyFromTable(type, attribute => {
    const { S, N = '' } = keys[attribute] ?? {}
    return S ?? numberPart(N) ?? ''
  })
}

/** The first key attribute that the table has not got, or of another kind than declared. */
export function misfitAttribute(type: TypePlan, keys: KeyAttributes): string | undefined {
  return type.at.aws.key.find(({ attribute, template }) => {
    const { S, N } = keys[attribute] ?? {}
    return (isNumberKey(type, template) ? N : S) === undefined
  })?.attribute
}

function attributesOf(values: Readonly<Record<string, KeyValue>>): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]),
  )
}
