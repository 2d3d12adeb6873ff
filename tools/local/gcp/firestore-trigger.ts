/**
 * Delivers the writes of the local Firestore to a function, as an Eventarc trigger does.
 *
 * In no order, at least once, each event on its own: one that fails waits and is tried again while its neighbours go
 * on, for up to 24 hours. (https://cloud.google.com/eventarc/docs/retry-events) Events wait in this process, so they
 * outlive a killed function but not the local cloud.
 */
import { randomUUID } from 'node:crypto'
import { type DeliveryFaults, noFaults } from '../runtime/delivery-faults.ts'
import type { DocumentWrite, FirestoreServer } from '../servers/firestore/server.ts'
import type { Timestamp } from '../servers/firestore/values.ts'
import { changedFieldPaths } from './changed-field-paths.ts'
import { type CloudEvent, cloudEventToRequest } from './cloud-event.ts'
import type { CloudFunction } from './cloud-function.ts'
import { encodeDocumentEventData } from './document-event-data.ts'
import { createDocumentPattern } from './document-pattern.ts'
import { EventDelivery } from './event-delivery.ts'
import type { TriggerStatus } from './trigger-status.ts'

/** What happened to the document; `written` stands for any of the three. */
export type DocumentEventKind = 'written' | 'created' | 'updated' | 'deleted'

/** Waits between the attempts of one event: doubled each time, each shortened by up to half at random. */
export interface RetryBackoff {
  readonly firstMs: number
  readonly longestMs: number
}

/** The cloud waits 10 s to 600 s; a local test has no time for that, so the same range begins at 50 ms. */
const LOCAL_BACKOFF: RetryBackoff = { firstMs: 50, longestMs: 3_000 }

/** How long the cloud keeps an event that no function takes. */
const RETENTION_MS = 24 * 60 * 60 * 1000

const MAX_IN_FLIGHT = 20

export interface FirestoreTriggerOptions {
  /** Name of the trigger, for its log lines. */
  readonly name: string
  readonly firestore: Pick<FirestoreServer, 'onWrite'>
  readonly cloudFunction: Pick<CloudFunction, 'request'>
  /** Path pattern of the documents it hears of: `carts/{id}`. */
  readonly document: string
  /** Default `written`. */
  readonly kind?: DocumentEventKind
  readonly project: string
  /** Where the database is: `us-central1`. */
  readonly location: string
  readonly onLog: (line: string) => void
  /** Default none. Read at every delivery. */
  readonly faults?: DeliveryFaults
  readonly backoff?: RetryBackoff
  /** Default 24 hours. */
  readonly retentionMs?: number
  /** How many events are delivered at the same time; default 20. */
  readonly maxInFlight?: number
  /** How long the cloud takes to hand one over, in ms; default 0. */
  readonly latencyMs?: number
  /** 0 to 1, default `Math.random`: decides on faults and on the jitter of waits. */
  readonly random?: () => number
}

export interface FirestoreTrigger {
  status(): TriggerStatus
  /** Hears of no more writes and waits for the calls in flight; events not yet delivered are given up. */
  stop(): Promise<void>
}

export function startFirestoreTrigger(options: FirestoreTriggerOptions): FirestoreTrigger {
  const { name, firestore, cloudFunction, onLog, faults = noFaults(), random = Math.random } = options
  const { backoff = LOCAL_BACKOFF, retentionMs = RETENTION_MS, maxInFlight = MAX_IN_FLIGHT, latencyMs = 0 } = options
  const delivery = new EventDelivery({ name, cloudFunction, maxInFlight, latencyMs, faults, random, onLog })
  const toEvent = eventOfWrite(options)

  const deliver = async (event: CloudEvent): Promise<void> => {
    const request = cloudEventToRequest(event)
    const dropAtMs = Date.now() + retentionMs
    for (let waitMs = backoff.firstMs; ; waitMs = Math.min(2 * waitMs, backoff.longestMs)) {
      if ((await delivery.attempt(request)) !== 'failed') return
      const jitteredMs = waitMs * (1 - random() / 2)
      if (Date.now() + jitteredMs > dropAtMs) return onLog(`trigger ${name}: dropped ${event.subject} after retention`)
      if (!(await delivery.wait(jitteredMs))) return
    }
  }

  const unsubscribe = firestore.onWrite(write => {
    const event = toEvent(write)
    if (event) delivery.take(Date.now(), () => deliver(event))
  })
  return {
    status: () => delivery.status(),
    async stop() {
      unsubscribe()
      await delivery.stop()
    },
  }
}

/** Undefined for writes the trigger does not hear of. */
function eventOfWrite(options: FirestoreTriggerOptions): (write: DocumentWrite) => CloudEvent | undefined {
  const { project, location, document, kind = 'written' } = options
  const pattern = createDocumentPattern(document)
  const database = `projects/${project}/databases/(default)`
  const prefix = `${database}/documents/`

  return ({ name, before, after, commitTime }) => {
    const path = name.slice(prefix.length)
    if (!name.startsWith(prefix) || !pattern.matches(path)) return undefined
    const fieldPaths = before && after ? changedFieldPaths(before.fields, after.fields) : undefined
    const happened = before ? (after ? 'updated' : 'deleted') : 'created'
    if (kind !== 'written' && kind !== happened) return undefined
    return {
      id: randomUUID(),
      type: `google.cloud.firestore.document.v1.${kind}`,
      source: `//firestore.googleapis.com/${database}`,
      subject: `documents/${path}`,
      time: timestampToText(commitTime),
      extensions: { document: path, project, location, database: '(default)', namespace: '(default)' },
      dataContentType: 'application/protobuf',
      data: encodeDocumentEventData({
        ...(after ? { value: after } : {}),
        ...(before ? { oldValue: before } : {}),
        ...(fieldPaths ? { updateMask: { fieldPaths } } : {}),
      }),
    }
  }
}

/** RFC 3339 with microseconds, which is what Firestore keeps. */
function timestampToText({ seconds, nanos }: Timestamp): string {
  const toSecond = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${toSecond}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`
}
