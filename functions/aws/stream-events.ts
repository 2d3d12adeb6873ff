/**
 * What the handlers read out of the events of a table: of its own DynamoDB stream, or of a Kinesis stream that DynamoDB
 * feeds, which may repeat records, turn them round, and carry several tables.
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html)
 */
import type { DynamoDBRecord, DynamoDBStreamEvent, KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda'
import { syncTable } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import * as z from '../../shared/document/schema.ts'
import type { Here } from '../../shared/replicate/here.ts'
import type { RecordVersion } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName, refFromName } from '../../shared/replicate/record-ref.ts'
import { keyOfItem, misfitAttribute } from './item-place.ts'
import { attributeToRecord } from './record-attribute.ts'

/** A record that may have changed. */
export interface Hint {
  readonly ref: RecordRef
  /** Of the first stream record that names it. */
  readonly sequenceNumber: string
  /** Something stands where no document of this type can be. */
  readonly misfit?: { readonly field: string; readonly reason: string }
}

export interface Hints {
  /** One for each record, in the order of their first mention: capture looks at the present, however often it is told. */
  readonly hints: readonly Hint[]
  /** What no DynamoDB wrote into a Kinesis stream. */
  readonly unreadable: readonly string[]
}

/** Keys only: an image in the event may be older than the item. */
const keysSchema = z.record(z.string(), z.object({ S: z.exactOptional(z.string()), N: z.exactOptional(z.string()) }))
const fedSchema = z.object({ tableName: z.string(), dynamodb: z.object({ Keys: keysSchema }) })

interface ItemWritten {
  readonly table: string
  readonly keys: z.output<typeof keysSchema>
  readonly sequenceNumber: string
}

export function hintsIn({ Records }: DynamoDBStreamEvent | KinesisStreamEvent, here: Here): Hints {
  const hints = new Map<string, Hint>()
  const unreadable: string[] = []
  for (const record of Records) {
    const written = 'kinesis' in record ? fromKinesis(record) : fromStream(record, here)
    if (typeof written === 'string') unreadable.push(written)
    else for (const hint of hintsOf(written, here)) addOnce(hints, hint)
  }
  return { hints: [...hints.values()], unreadable }
}

function addOnce(hints: Map<string, Hint>, hint: Hint): void {
  const name = recordName(hint.ref)
  if (!hints.has(name)) hints.set(name, hint)
}

/** Nothing for an item of no declared type: a table may hold more than what is kept at other sites. */
function hintsOf({ table, keys, sequenceNumber }: ItemWritten, here: Here): readonly Hint[] {
  const types = typesIn(table, here)
  const [first] = types
  if (first) requireDeclaredKeys(first, keys)
  for (const type of types) {
    const key = keyOfItem(type, keys)
    if (key) return [{ ref: { type: type.name, key }, sequenceNumber }]
  }
  return first ? unreadableNumber(first, keys, sequenceNumber) : []
}

/** The table is not the declared one: nothing of it can be captured, and nothing of it may be skipped. */
function requireDeclaredKeys(type: TypePlan, keys: ItemWritten['keys']): void {
  const wrong = misfitAttribute(type, keys)
  if (wrong === undefined) return
  const found = Object.keys(keys[wrong] ?? {})[0] ?? 'nothing'
  throw new Error(`table ${type.at.aws.table}: its key attribute '${wrong}' is not as declared, but ${found}`)
}

function unreadableNumber(type: TypePlan, keys: ItemWritten['keys'], sequenceNumber: string): readonly Hint[] {
  const numbers = type.at.aws.key.flatMap(({ attribute }) => keys[attribute]?.N ?? [])
  if (numbers.length === 0) return []
  const reason = `the number ${numbers.join(', ')} has more digits than a JSON number keeps; use a string`
  const ref = { type: type.name, key: type.at.aws.key.map(({ attribute }) => keyText(keys[attribute])) }
  return [{ ref, sequenceNumber, misfit: { field: type.key[0], reason } }]
}

function keyText(value: { readonly S?: string; readonly N?: string } | undefined): string {
  return value?.S ?? value?.N ?? ''
}

function typesIn(table: string, here: Here): readonly TypePlan[] {
  return [...here.types.values()].map(({ plan }) => plan).filter(({ at }) => at.aws.table === table)
}

/** The table is named by the stream, and only declared tables trigger capture. */
function fromStream({ eventSourceARN = '', dynamodb }: DynamoDBRecord, here: Here): ItemWritten {
  const table = eventSourceARN.match(/:table\/([^/]+)\//)?.[1] ?? eventSourceARN
  if (typesIn(table, here).length === 0) throw new Error(`${here.site} holds no data type in table '${table}'`)
  return { table, keys: keysSchema.parse(dynamodb?.Keys ?? {}), sequenceNumber: dynamodb?.SequenceNumber ?? '' }
}

/** The text of a record that DynamoDB did not write. */
function fromKinesis({ kinesis: { data, sequenceNumber } }: KinesisStreamRecord): ItemWritten | string {
  const text = Buffer.from(data, 'base64').toString()
  try {
    const { tableName, dynamodb } = fedSchema.parse(JSON.parse(text))
    return { table: tableName, keys: dynamodb.Keys, sequenceNumber }
  } catch {
    return text
  }
}

/** New versions of sync records, with the version before. A record that is gone was pruned: nothing travels. */
export function versionsIn({ Records }: DynamoDBStreamEvent): readonly RecordVersion[] {
  return Records.flatMap(({ dynamodb }) => {
    const { NewImage: after, OldImage: before } = dynamodb ?? {}
    // Beside the records the table holds what steers the site.
    if (!after || after[syncTable.control]) return []
    const text = attributeToRecord(after[syncTable.record]) ?? ''
    const name = after[syncTable.whole]?.S ?? after[syncTable.key]?.S ?? ''
    return [{ ref: refNamed(name), text, previous: attributeToRecord(before?.[syncTable.record]) }]
  })
}

/** A name that is none is of no data type: publish puts its version aside, whatever it is. */
function refNamed(name: string): RecordRef {
  try {
    return refFromName(name)
  } catch {
    return { type: name, key: [] }
  }
}
