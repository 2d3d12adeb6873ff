/**
 * What stood in an item before the writes that an event tells of: the old images of its stream records. Records of a
 * table's own stream come in the order of the writes, those of a Kinesis stream in any, hence with their time.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { DynamoDBStreamEvent, KinesisStreamEvent } from 'aws-lambda'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { namedValues } from '../../shared/document/named-values.ts'
import * as z from '../../shared/document/schema.ts'
import type { Before } from '../../shared/replicate/before.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { oncePer } from '../common/once-per.ts'
import { keyOfItem } from './item-place.ts'
import { type Item, itemToDocument } from './values.ts'

/** As an event holds it: binary values in Base64. */
type EventValue = Readonly<Record<string, unknown>>
type EventItem = Readonly<Record<string, EventValue>>

const itemSchema = namedValues(z.custom<EventValue>(value => typeof value === 'object' && value !== null))
/** What Lambda's form and the SDK's write alike; an unknown type is refused where the value is read. */
const sameInBothSchema = z.custom<AttributeValue>(value => typeof value === 'object' && value !== null)
const writtenSchema = z.object({
  tableName: z.string(),
  eventName: z.string(),
  dynamodb: z.object({
    Keys: itemSchema,
    OldImage: z.optional(itemSchema),
    NewImage: z.optional(itemSchema),
    ApproximateCreationDateTime: z._default(z.number(), 0),
    ApproximateCreationDateTimePrecision: z.optional(z.string()),
  }),
})

type Written = z.output<typeof writtenSchema>

/** In the order of the event. Throws `ValueRefused`. */
export function* stoodBefore(
  event: DynamoDBStreamEvent | KinesisStreamEvent,
  ref: RecordRef,
  type: TypePlan,
): Iterable<Before> {
  for (const written of writesOf(event, ref, type)) {
    const { OldImage } = written.dynamodb
    // A stream without old images tells nothing of what an existing item held.
    if (!OldImage && written.eventName !== 'INSERT') continue
    const document = OldImage && imageToDocument(ref, type, OldImage)
    const atUs = timeUs(written)
    const untilMs = Math.floor(atUs / 1000)
    yield written.isFed ? { document, untilMs, writtenUs: atUs } : { document, untilMs }
  }
}

/** No record of the event is of a form that nobody knew: what it tells of its records is all there is. */
export function isReadWhole(event: DynamoDBStreamEvent | KinesisStreamEvent): boolean {
  return writesIn(event).length === event.Records.length
}

/** What the event tells of one record, in its order. */
export function writesOf(
  event: DynamoDBStreamEvent | KinesisStreamEvent,
  ref: RecordRef,
  type: TypePlan,
): readonly TableWrite[] {
  return writesByName(event)(type).get(recordName(ref)) ?? []
}

interface TableWrite extends Written {
  /** Through a Kinesis stream. */
  readonly isFed: boolean
}

// Every record of an event asks: it is read once.
const writesIn = oncePer((event: DynamoDBStreamEvent | KinesisStreamEvent) =>
  event.Records.flatMap((record): readonly TableWrite[] => {
    const isFed = 'kinesis' in record
    const written = isFed ? fromKinesis(record.kinesis.data) : fromStream(record)
    return written ? [{ ...written, isFed }] : []
  }),
)

const writesByName = oncePer((event: DynamoDBStreamEvent | KinesisStreamEvent) =>
  oncePer((type: TypePlan) => Map.groupBy(writesIn(event), written => nameOf(type, written))),
)

/** Throws `ValueRefused`. */
export function imageToDocument(ref: RecordRef, type: TypePlan, image: EventItem): Document {
  return itemToDocument(ref, type, itemOf(image))
}

function fromStream(record: DynamoDBStreamEvent['Records'][number]): Written | undefined {
  const tableName = record.eventSourceARN?.match(/:table\/([^/]+)\//)?.[1]
  return writtenSchema.safeParse({ ...record, tableName }).data
}

function fromKinesis(data: string): Written | undefined {
  try {
    return writtenSchema.safeParse(JSON.parse(Buffer.from(data, 'base64').toString())).data
  } catch {
    return undefined
  }
}

/** Undefined: of no record of this type. */
function nameOf(type: TypePlan, { tableName, dynamodb }: Written): string | undefined {
  if (tableName !== type.at.aws.table) return undefined
  const keys = Object.entries(dynamodb.Keys).map(([name, value]) => [name, attributeOf(value)] as const)
  const key = keyOfItem(
    type,
    Object.fromEntries(
      keys.map(([name, { S, N }]) => [name, { ...(S !== undefined && { S }), ...(N !== undefined && { N }) }]),
    ),
  )
  return key && recordName({ type: type.name, key })
}

/**
 * A table's own stream tells whole seconds, rounded down; a Kinesis stream ms or microseconds, as it says.
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html)
 */
function timeUs({ dynamodb, isFed }: TableWrite): number {
  const { ApproximateCreationDateTime: time, ApproximateCreationDateTimePrecision: precision } = dynamodb
  if (!isFed) return time * 1_000_000
  return precision === 'MICROSECOND' ? time : time * 1000
}

function itemOf(image: EventItem): Item {
  return Object.fromEntries(Object.entries(image).map(([name, value]) => [name, attributeOf(value)]))
}

/** The SDK's form of it. */
function attributeOf(value: EventValue): AttributeValue {
  if (typeof value.B === 'string') return { B: Buffer.from(value.B, 'base64') }
  if (Array.isArray(value.BS)) return { BS: value.BS.map(text => Buffer.from(String(text), 'base64')) }
  if (Array.isArray(value.L)) return { L: value.L.map(attributeOf) }
  if (typeof value.M === 'object' && value.M !== null) return { M: itemOf(itemSchema.parse(value.M)) }
  return sameInBothSchema.parse(value)
}
