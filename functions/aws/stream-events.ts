/** What the handlers read out of DynamoDB's stream events. */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda'
import { dataStoreName, syncTable } from '../../shared/declare/resource-names.ts'
import { dataTypeOf, type Here } from '../../shared/replicate/here.ts'
import type { RecordVersion } from '../../shared/replicate/publish.ts'
import { type RecordRef, recordName, refFromName } from '../../shared/replicate/record-ref.ts'

/** A record that may have changed. */
export interface Hint {
  readonly ref: RecordRef
  /** Of the first stream record that names it. */
  readonly sequenceNumber: string
}

/** One for each record, in the order of their first mention: capture looks at the present, however often it is told. */
export function hintsIn({ Records }: DynamoDBStreamEvent, here: Here): readonly Hint[] {
  const hints = new Map<string, Hint>()
  for (const record of Records) {
    const ref = refOf(record, here)
    const name = recordName(ref)
    if (!hints.has(name)) hints.set(name, { ref, sequenceNumber: sequenceNumberOf(record) })
  }
  return [...hints.values()]
}

/** New versions of sync records, with the version before. A record that is gone was pruned: nothing travels. */
export function versionsIn({ Records }: DynamoDBStreamEvent): readonly RecordVersion[] {
  return Records.flatMap(({ dynamodb }) => {
    const { NewImage: after, OldImage: before } = dynamodb ?? {}
    if (!after) return []
    const text = after[syncTable.record]?.S ?? ''
    return [{ ref: refNamed(after[syncTable.key]?.S ?? ''), text, previous: before?.[syncTable.record]?.S }]
  })
}

/** Keys only: an image in the event may be older than the item. */
function refOf({ eventSourceARN = '', dynamodb }: DynamoDBRecord, here: Here): RecordRef {
  const table = eventSourceARN.match(/:table\/([^/]+)\//)?.[1]
  const type = [...here.types.keys()].find(name => dataStoreName({ name }) === table) ?? table ?? eventSourceARN
  const key = dataTypeOf(here, type).plan.key.map(field => {
    const part = dynamodb?.Keys?.[field]?.S
    // The table is not the declared one: nothing of its stream can be captured, and nothing of it may be skipped.
    if (part === undefined) throw new Error(`table ${table}: its key attribute '${field}' is no string`)
    return part
  })
  return { type, key }
}

/** A name that is none is of no data type: publish puts its version aside, whatever it is. */
function refNamed(name: string): RecordRef {
  try {
    return refFromName(name)
  } catch {
    return { type: name, key: [] }
  }
}

function sequenceNumberOf({ dynamodb }: DynamoDBRecord): string {
  return dynamodb?.SequenceNumber ?? ''
}
