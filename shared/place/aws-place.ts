/** A record's place in its DynamoDB table: what its key attributes hold. */
import { fillTemplate, parseTemplate, readTemplate } from '../declare/key-template.ts'
import { isNumberKey, type KeyAttribute } from '../declare/placement.ts'
import type { TypePlan } from '../declare/sync-plan.ts'
import { ValueRefused } from '../ports/errors.ts'
import type { RecordKey, RecordRef } from '../replicate/record-ref.ts'
import { type KeyValue, partsFrom } from './key-value.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const keyBytesMax = [2048, 1024]

/** Throws `ValueRefused` for a key that the table cannot hold, or that would read back as another one. */
export function tableKey(ref: RecordRef, type: TypePlan): Readonly<Record<string, KeyValue>> {
  const { key } = type.at.aws
  return Object.fromEntries(
    key.map((part, index) => [part.attribute, attributeOf(ref, type, part, keyBytesMax[index])]),
  )
}

function attributeOf(ref: RecordRef, type: TypePlan, { attribute, template }: KeyAttribute, bytesMax = 0): KeyValue {
  const parsed = parseTemplate(template)
  const partOf = (field: string) => ref.key[type.key.indexOf(field)] ?? ''
  const text = fillTemplate(parsed, partOf)
  const read = readTemplate(parsed, text)
  const wrong = parsed.fields.find(field => read?.[field] !== partOf(field))
  if (wrong !== undefined) {
    const reason = `'${text}' as ${attribute} on DynamoDB (${template}) would be read as another key`
    throw new ValueRefused(ref, [wrong], reason)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > bytesMax) {
    const reason = `${attribute} would have ${bytes} bytes on DynamoDB, which takes ${bytesMax}`
    throw new ValueRefused(ref, [parsed.fields[0] ?? attribute], reason)
  }
  return isNumberKey(type, template) ? Number(text) : text
}

/** The key that the texts of the key attributes are. Undefined: they are of no item of this type. */
export function keyFromTable(type: TypePlan, textOf: (attribute: string) => string): RecordKey | undefined {
  const texts: Record<string, string> = {}
  for (const { attribute, template } of type.at.aws.key) {
    const read = readTemplate(parseTemplate(template), textOf(attribute))
    if (!read) return undefined
    Object.assign(texts, read)
  }
  return partsFrom(type, texts)
}
