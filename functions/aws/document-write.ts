/**
 * A merge's write of the application's document, as one item of a DynamoDB transaction: a Put only where there is no
 * document, else an Update of just the changed attributes, so that nothing is overwritten that was not read.
 */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { changedFields, type DocumentConditions, documentConditions } from '../../shared/ports/document-conditions.ts'
import { type DocumentWrite, ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { createExpression, type Expression, expressionBytesMax, expressionOperatorsMax } from './expression.ts'
import { keyItem } from './item-place.ts'
import { attributeName, documentToItem, fieldToAttribute } from './values.ts'

/** Throws `ValueRefused` for a document that DynamoDB cannot hold, or cannot compare with what was read. */
export function documentWriteItem(ref: RecordRef, type: TypePlan, write: DocumentWrite): TransactWriteItem {
  const { read, after } = write
  refuseKeyFields(ref, type, after)
  const expression = createExpression()
  const conditions = documentConditions(write)
  const ConditionExpression = conditionText(ref, conditions, type, expression)
  const TableName = type.at.aws.table
  const Key = keyItem(ref, type)

  if (after === undefined) return { Delete: { TableName, Key, ConditionExpression, ...expression.placeholders() } }
  if (read.document === undefined) {
    const Item = documentToItem(ref, type, after)
    return { Put: { TableName, Item, ConditionExpression, ...expression.placeholders() } }
  }
  const UpdateExpression = updateText(ref, type, read.document, after, expression)
  return { Update: { TableName, Key, UpdateExpression, ConditionExpression, ...expression.placeholders() } }
}

/** Not even by mistake of a peer: a merge would move the document. */
function refuseKeyFields(ref: RecordRef, type: TypePlan, after: Document | undefined): void {
  const field = type.key.find(name => after && Object.hasOwn(after, name))
  if (field !== undefined) throw new ValueRefused(ref, [field], 'a key field is no part of the document')
}

function conditionText(
  ref: RecordRef,
  { exists, equal, absent }: DocumentConditions,
  type: TypePlan,
  expression: Expression,
): string {
  const keyField = type.at.aws.key[0]?.attribute ?? ''
  if (!exists) return `attribute_not_exists(${expression.name(keyField)})`
  const nameOf = (field: string) => expression.name(attributeName(type, field))
  const terms = [
    ...[...equal].map(([field, value]) => `${nameOf(field)}=${expression.value(fieldToAttribute(ref, field, value))}`),
    ...absent.map(field => `attribute_not_exists(${nameOf(field)})`),
  ]
  // A field that must be equal must be there, and with it the document.
  if (equal.size === 0) terms.unshift(`attribute_exists(${expression.name(keyField)})`)
  const text = terms.join(' AND ')
  const operators = 2 * terms.length - 1
  if (operators > expressionOperatorsMax || text.length > expressionBytesMax) {
    throw new ValueRefused(
      ref,
      [],
      `a merge has to compare ${terms.length} of its fields with what it read, and DynamoDB compares at most ` +
        `${expressionOperatorsMax / 2} in one condition (4 KB of text): put some of them into an object`,
    )
  }
  return text
}

/** Never longer than the condition, which names every field that is changed here. */
function updateText(ref: RecordRef, type: TypePlan, before: Document, after: Document, expression: Expression): string {
  const changed = changedFields(before, after)
  const set = changed.filter(field => Object.hasOwn(after, field))
  const removed = changed.filter(field => !Object.hasOwn(after, field))
  const nameOf = (field: string) => expression.name(attributeName(type, field))
  const assignment = (field: string) =>
    `${nameOf(field)}=${expression.value(fieldToAttribute(ref, field, after[field] ?? null))}`
  return [
    ...(set.length > 0 ? [`SET ${set.map(assignment).join(',')}`] : []),
    ...(removed.length > 0 ? [`REMOVE ${removed.map(nameOf).join(',')}`] : []),
  ].join(' ')
}
