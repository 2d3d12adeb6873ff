/**
 * What stood in a document before the write that an event of Firestore tells of, and what that left: its old value, with
 * its times, and its value.
 */
import { FieldValue, type Firestore, GeoPoint, Timestamp } from '@google-cloud/firestore'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { namedValues } from '../../shared/document/named-values.ts'
import * as z from '../../shared/document/schema.ts'
import type { Before } from '../../shared/replicate/before.ts'
import type { Left } from '../../shared/replicate/echo.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { documentEventData } from './document-event-data.ts'
import type { NativeValue } from './tagged-values.ts'
import { portableDocument } from './values.ts'

/** An int64, as a number or as the object that protobufjs makes of it. */
const int64 = z.pipe(z.unknown(), z.transform(String))

const time = z.object({ seconds: z._default(int64, '0'), nanos: z._default(z.number(), 0) })
const point = z.object({ latitude: z._default(z.number(), 0), longitude: z._default(z.number(), 0) })

/** `z.number()` refuses what a double may be: NaN and the infinities. */
const double = z.custom<number>(value => typeof value === 'number')

/** One of them is there. */
interface ProtoValue {
  readonly nullValue?: unknown
  readonly booleanValue?: boolean | undefined
  readonly integerValue?: string | undefined
  readonly doubleValue?: number | undefined
  readonly timestampValue?: z.output<typeof time> | undefined
  readonly stringValue?: string | undefined
  readonly bytesValue?: Uint8Array | undefined
  readonly referenceValue?: string | undefined
  readonly geoPointValue?: z.output<typeof point> | undefined
  readonly arrayValue?: { readonly values: readonly ProtoValue[] } | undefined
  readonly mapValue?: { readonly fields: Readonly<Record<string, ProtoValue>> } | undefined
}

const protoValue: z.ZodMiniType<ProtoValue> = z.lazy(() =>
  z.object({
    nullValue: z.optional(z.unknown()),
    booleanValue: z.optional(z.boolean()),
    integerValue: z.optional(int64),
    doubleValue: z.optional(double),
    timestampValue: z.optional(time),
    stringValue: z.optional(z.string()),
    bytesValue: z.optional(z.instanceof(Uint8Array)),
    referenceValue: z.optional(z.string()),
    geoPointValue: z.optional(point),
    arrayValue: z.optional(z.object({ values: z._default(z.array(protoValue), []) })),
    mapValue: z.optional(z.object({ fields: z._default(namedValues(protoValue), {}) })),
  }),
)

const version = z.object({
  fields: z._default(namedValues(protoValue), {}),
  createTime: z.optional(time),
  updateTime: z.optional(time),
})

const eventSchema = z.object({ value: z.optional(version), oldValue: z.optional(version) })

/** `data`: the event's payload. `client` makes references. Throws `ValueRefused`. */
export function* stoodBefore(data: unknown, ref: RecordRef, type: TypePlan, client: Firestore): Iterable<Before> {
  if (!(data instanceof Uint8Array)) return
  const { value, oldValue } = versionsIn(data)
  if (!oldValue) {
    const createdUs = microseconds(value?.createTime)
    yield { document: undefined, ...(value && { untilMs: toMs(createdUs) }), writtenUs: createdUs - 1 }
    return
  }
  yield {
    document: portableDocument(ref, type, mapOf(oldValue.fields, client)),
    // Of a deletion no time is told: just that it came after the version before.
    untilMs: toMs(microseconds((value ?? oldValue).updateTime)),
    writtenUs: microseconds(oldValue.updateTime),
    createdMs: microseconds(oldValue.createTime) / 1000,
  }
}

/** What the event's write left; an event without any content tells nothing. Otherwise as above. */
export function* leftIn(data: unknown, ref: RecordRef, type: TypePlan, client: Firestore): Iterable<Left> {
  if (!(data instanceof Uint8Array)) return
  const { value, oldValue } = versionsIn(data)
  if (!value && !oldValue) return
  yield { document: value && portableDocument(ref, type, mapOf(value.fields, client)) }
}

function versionsIn(data: Uint8Array) {
  return eventSchema.parse(documentEventData.toObject(documentEventData.decode(data)))
}

function microseconds(at: z.output<typeof time> | undefined): number {
  return at ? Number(at.seconds) * 1_000_000 + Math.floor(at.nanos / 1000) : 0
}

function toMs(us: number): number {
  return Math.floor(us / 1000)
}

function mapOf(fields: Readonly<Record<string, ProtoValue>>, client: Firestore): Record<string, NativeValue> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, nativeFrom(value, client)]))
}

/** As the client hands it over. */
function nativeFrom(value: ProtoValue, client: Firestore): NativeValue {
  const { integerValue, timestampValue, bytesValue, referenceValue, geoPointValue, arrayValue, mapValue } = value
  if (integerValue !== undefined) return BigInt(integerValue)
  if (timestampValue) return new Timestamp(Number(timestampValue.seconds), timestampValue.nanos)
  if (bytesValue) return Buffer.from(bytesValue)
  if (referenceValue !== undefined) return client.doc(referenceValue.slice(referenceValue.indexOf('/documents/') + 11))
  if (geoPointValue) return new GeoPoint(geoPointValue.latitude, geoPointValue.longitude)
  if (arrayValue) return arrayValue.values.map(element => nativeFrom(element, client))
  if (!mapValue) return value.booleanValue ?? value.doubleValue ?? value.stringValue ?? null
  const { __type__: kind, value: content } = mapValue.fields
  // Firestore keeps a vector as a map of this form.
  if (kind?.stringValue !== '__vector__') return mapOf(mapValue.fields, client)
  return FieldValue.vector((content?.arrayValue?.values ?? []).map(({ doubleValue = 0 }) => doubleValue))
}
