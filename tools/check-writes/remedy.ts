/**
 * How to write a field so that nothing is undone, in the words of each store's official client: an increment for what is
 * counted, an update of the field for what is set, a condition where what is written depends on what was read.
 */
import type { Cloud, TypePlan } from '../../shared/declare/sync-plan.ts'
import { tableKey } from '../../shared/place/aws-place.ts'
import { documentPlace } from '../../shared/place/azure-place.ts'
import { documentPath } from '../../shared/place/gcp-place.ts'
import type { RecordKey } from '../../shared/replicate/record-ref.ts'
import type { Path } from '../../shared/resolve/merge-type.ts'
import type { DeclaredField } from './declared-field.ts'

export interface Remedy {
  readonly kind: 'atomic increment' | 'field update' | 'condition'
  readonly advice: string
  /** With the cloud's official client for JavaScript. */
  readonly code: string
}

export interface Written {
  readonly cloud: Cloud
  readonly type: TypePlan
  readonly key: RecordKey
  readonly field: DeclaredField
  /** The write left the field absent. */
  readonly isGone: boolean
}

type Action = 'add' | 'set' | 'remove' | 'condition'

const advice: Readonly<Record<Remedy['kind'], string>> = {
  'atomic increment': 'add to it with an atomic increment, never write the sum',
  'field update': 'update the fields that changed, not the whole document',
  condition: 'write it only if the document is still as it was read, else read again',
}

const clients: Readonly<Record<Cloud, (written: Written, action: Action) => string>> = {
  aws: dynamoDb,
  gcp: firestore,
  azure: cosmos,
}

export function remedyFor(written: Written): Remedy {
  const action = actionFor(written)
  const kind = action === 'add' ? 'atomic increment' : action === 'condition' ? 'condition' : 'field update'
  return { kind, advice: advice[kind], code: clients[written.cloud](written, action) }
}

function actionFor({ field, isGone }: Written): Action {
  if (field.inArray) return 'condition'
  if (field.merges === 'counter') return 'add'
  // What a whole document left out by accident is removed by name where that is meant.
  return isGone ? 'remove' : 'set'
}

const quoted = (value: unknown) => `'${String(value).replaceAll(/['\\]/g, '\\$&')}'`

function namedFields(fields: Readonly<Record<string, string>>): string {
  const entries = Object.entries(fields).map(([name, value]) => `${/^\w+$/.test(name) ? name : quoted(name)}: ${value}`)
  return `{ ${entries.join(', ')} }`
}

function dynamoDb({ type, key, field }: Written, action: Action): string {
  const { table } = type.at.aws
  const attribute = (value: string | number) =>
    typeof value === 'number' ? `{ N: '${value}' }` : `{ S: ${quoted(value)} }`
  const keys = Object.entries(tableKey({ type: type.name, key }, type)).map(
    ([name, value]) => [name, attribute(value)] as const,
  )
  const place = field.address.map((_, index) => `#${index}`).join('.')
  const names = namedFields(Object.fromEntries(field.address.map((name, index) => [`#${index}`, quoted(name)])))
  const actions: Readonly<Record<Action, readonly string[]>> = {
    add: [
      `  UpdateExpression: 'SET ${place} = ${place} + :step',`,
      `  ExpressionAttributeNames: ${names},`,
      "  ExpressionAttributeValues: { ':step': { N: '1' } },",
    ],
    set: [
      `  UpdateExpression: 'SET ${place} = :value',`,
      `  ExpressionAttributeNames: ${names},`,
      "  ExpressionAttributeValues: { ':value': value },",
    ],
    remove: [`  UpdateExpression: 'REMOVE ${place}',`, `  ExpressionAttributeNames: ${names},`],
    condition: [
      `  UpdateExpression: 'SET ${place} = :value',`,
      `  ConditionExpression: '${place} = :asRead',`,
      `  ExpressionAttributeNames: ${names},`,
      `  ExpressionAttributeValues: { ':value': value, ':asRead': asRead },`,
    ],
  }
  return [
    'await client.send(new UpdateItemCommand({',
    `  TableName: ${quoted(table)},`,
    `  Key: ${namedFields(Object.fromEntries(keys))},`,
    ...actions[action],
    '}))',
  ].join('\n')
}

function firestore({ type, key, field }: Written, action: Action): string {
  const document = `firestore.doc(${quoted(documentPath({ type: type.name, key }, type))})`
  const path = `new FieldPath(${field.address.map(quoted).join(', ')})`
  switch (action) {
    case 'add':
      return `await ${document}.update(${path}, FieldValue.increment(1))`
    case 'set':
      return `await ${document}.update(${path}, value)`
    case 'remove':
      return `await ${document}.update(${path}, FieldValue.delete())`
    case 'condition':
      return [
        `const read = await ${document}.get()`,
        `await ${document}.update(${path}, value, { lastUpdateTime: read.updateTime })`,
      ].join('\n')
  }
}

function cosmos({ type, key, field }: Written, action: Action): string {
  const { id, partitionKey } = documentPlace({ type: type.name, key }, type)
  const partition = typeof partitionKey === 'number' ? partitionKey : quoted(partitionKey)
  const item = `container.item(${quoted(id)}, ${partition})`
  const path = quoted(pointer(field.address))
  switch (action) {
    case 'add':
      return `await ${item}.patch([{ op: 'incr', path: ${path}, value: 1 }])`
    case 'set':
      return `await ${item}.patch([{ op: 'set', path: ${path}, value }])`
    case 'remove':
      return `await ${item}.patch([{ op: 'remove', path: ${path} }])`
    case 'condition':
      return [
        `const { resource } = await ${item}.read()`,
        `await ${item}.replace({ ...resource, ...changed }, { accessCondition: { type: 'IfMatch', condition: resource._etag } })`,
      ].join('\n')
  }
}

/** RFC 6901. */
function pointer(address: Path): string {
  return address.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
