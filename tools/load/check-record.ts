/** Can this record be a document of its type? What its key is, and why it has none, is said with its place. */
import type { KeyType, TypePlan } from '../../shared/declare/sync-plan.ts'
import { withoutFields } from '../../shared/document/portable.ts'
import { keyPart } from '../../shared/place/key-value.ts'
import { keyText } from '../../shared/replicate/record-ref.ts'
import type { Item } from '../local/official-clients/application-client.ts'
import { type KeySources, withKey } from './key-sources.ts'
import { kindOf, type SourceRecord } from './source-record.ts'
import type { NewDocument } from './store-writer.ts'

export interface CheckedRecord extends NewDocument {
  readonly place: string
  readonly key: string
}

export interface RefusedRecord {
  readonly place: string
  readonly key?: string
  readonly reason: string
}

export function checkRecord(
  record: SourceRecord,
  type: Pick<TypePlan, 'name' | 'key' | 'keyTypes'>,
  sources: KeySources,
): CheckedRecord | RefusedRecord {
  const { place } = record
  const keyed = 'reason' in record ? record : withKey(record, sources, type)
  if ('reason' in keyed) return { place, reason: keyed.reason }
  const { document } = keyed
  const parts: string[] = []
  for (const [index, field] of type.key.entries()) {
    const part = keyPart(document[field], type.keyTypes[index])
    if (part === undefined) return { place, reason: keyFault(document, field, type.keyTypes[index]) }
    parts.push(part)
  }
  const ref = { type: type.name, key: parts }
  return { place, key: keyText(parts), ref, document: withoutFields(document, type.key) }
}

function keyFault(document: Item, field: string, type: KeyType | undefined): string {
  const value = Object.hasOwn(document, field) ? document[field] : undefined
  if (value === undefined) return `has no ${field}, its key (--key ${field}=column says where it is)`
  if (value === '') return `${field} is empty; a key is not`
  const found = `${field} is ${kindOf(value)}; the declaration makes it a ${type ?? 'string'}`
  return typeof value === 'number' ? `${found} (--key ${field}=${field} takes its text)` : found
}
