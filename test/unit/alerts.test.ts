/** An alert whose metric nothing emits never rings, and nobody notices: every row is held against real log lines. */

import type { Context } from 'aws-lambda'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { handler } from '../../functions/aws/forward.ts'
import { batchLog, logFailure } from '../../functions/common/log.ts'
import { SigningKeyUnavailable } from '../../functions/common/session-signer.ts'
import { toldAudit, toldDeadLetters } from '../../functions/common/told.ts'
import { type Alert, alerts, type LogMetric } from '../../infra/alerts.ts'
import { putOffAge } from '../../infra/aws/put-off-age.ts'
import type { AuditStore, DeadLetters } from '../../shared/ports/index.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { unreadableMessage } from '../../shared/replicate/dead-letter.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { startMs } from './memory-site.ts'
import { aws, gcp, wire } from './wire-sites.ts'

const ports = vi.hoisted((): { current: unknown } => ({ current: undefined }))
vi.mock('../../functions/aws/site.ts', () => ({ forwardPorts: async () => ports.current }))

let written = ''
beforeEach(() => {
  written = ''
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    written += String(text)
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

type Line = Readonly<Record<string, unknown>>
const lines = (): readonly Line[] =>
  written
    .split('\n')
    .filter(text => text !== '')
    .map(text => JSON.parse(text))

/** The numbers that a metric finds in the log. */
function found({ where, value }: LogMetric): readonly number[] {
  return lines()
    .filter(line => Object.entries(where).every(([name, text]) => (text === null ? name in line : line[name] === text)))
    .flatMap(line => {
      const number = value === undefined ? 1 : value.split('.').reduce<unknown>((at, name) => Object(at)[name], line)
      return typeof number === 'number' ? number : []
    })
}

function metricOf(id: string): LogMetric {
  const metric = alerts.find(alert => alert.id === id)?.metric
  if (metric?.from !== 'log') throw new Error(`${id} reads no log`)
  return metric
}

const cart = (id: string) => ({ type: 'carts', key: [id] })
const product = { type: 'products', key: ['p1'] }

async function exchange() {
  const between = await wire()
  Object.assign(between.ports, { report: batchLog(gcp, 'ingest') })
  const peer = between.peer()
  const send = (...events: readonly ChangeEvent[]) =>
    forward(
      events.map(({ text }) => text),
      { ...between.sender.ports, peerId: gcp, peer, report: batchLog(aws, `forward-${gcp}`) },
    )
  return { ...between, send }
}

const nowhere: DeadLetters & AuditStore = { put: async () => {} }

describe('the functions write the line that it reads', () => {
  it('of lag for each tier, of what had not come before only', async () => {
    const { sender, receiver, send } = await exchange()
    const change = await sender.change(cart('alice'), { currency: 'EUR' })
    receiver.clock.nowMs += 400
    await send(change)
    expect(found(metricOf('lag-tier-1-warning'))).toEqual([400])
    receiver.clock.nowMs += 60_000
    // As after the express lane: the durable path brings it again.
    await send(change, await sender.change(product, { title: 'Teapot' }))
    expect(found(metricOf('lag-tier-1-critical'))).toEqual([400])
    expect(found(metricOf('lag-tier-2-warning'))).toEqual([60_400])
  })

  it('of latency, bytes, clocks and quarantine', async () => {
    const { sender, send } = await exchange()
    sender.clock.nowMs = startMs + 11_000
    await send(await sender.change(cart('alice'), { currency: 'EUR' }))
    expect(found(metricOf('latency-between-sites-warning'))).toEqual([0])
    expect(found(metricOf('egress-warning'))).toEqual([expect.any(Number)])
    expect(found(metricOf('clock-ahead-critical'))).toEqual([11_000])
    expect(found(metricOf('quarantine-warning'))).toEqual([1])
  })

  it('of how long it waits that forward put off, as its queue hands it over again', async () => {
    const between = await wire()
    const { text } = await between.sender.change(cart('alice'), { currency: 'EUR' })
    const peer = between.peer({ response: answer => ({ ...answer, status: 503 }) })
    ports.current = { ...between.sender.ports, peerId: gcp, peer }
    const nowMs = between.sender.clock.nowMs
    const record = (messageId: string, sentMs: number) => ({
      ...{ messageId, body: text, receiptHandle: 'r', messageAttributes: {}, md5OfBody: '' },
      ...{ eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:x', awsRegion: 'us-east-1' },
      attributes: {
        ...{ ApproximateReceiveCount: '9', SenderId: 's', ApproximateFirstReceiveTimestamp: '0' },
        SentTimestamp: String(sentMs),
      },
    })
    const hour = 3_600_000
    const context = { functionName: `forward-${gcp}` } as Context
    const event = { Records: [record('young', nowMs - hour), record('old', nowMs - 30 * hour)] }
    const answer = await handler(event, context)
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'young' }, { itemIdentifier: 'old' }] })
    expect(found(putOffAge)).toEqual([30 * hour])
    // What is delivered waits no more.
    written = ''
    ports.current = { ...between.sender.ports, peerId: gcp, peer: between.peer() }
    expect(await handler(event, context)).toEqual({ batchItemFailures: [] })
    expect(found(putOffAge)).toEqual([])
  })

  it('of a dead letter, once it is put aside', async () => {
    const letter = unreadableMessage({ site: aws, reason: 'no JSON', atMs: startMs, text: 'a card number' })
    await toldDeadLetters(nowhere).put(letter)
    expect(found(metricOf('dead-letter-warning'))).toEqual([1])
    expect(written).not.toContain('card')
  })

  it('of stock that was exceeded, without the data of the application', async () => {
    const at = { site: aws, origin: aws, type: 'stock', key: ['s1'], atMs: startMs }
    await toldAudit(nowhere).put([
      { kind: 'incident', id: 'i', name: 'stock_exceeded', subject: 'r7', data: { quantity: 12345 }, ...at },
    ])
    expect(found(metricOf('stock-exceeded-critical'))).toEqual([1])
    await toldAudit(nowhere).put([
      { kind: 'incident', id: 'j', name: 'stock_short', subject: 'stock', data: { quantity: 12345 }, ...at },
    ])
    expect(found(metricOf('stock-short-critical'))).toEqual([1])
    await toldAudit(nowhere).put([
      { kind: 'incident', id: 'k', name: 'reservation_revoked', subject: 'r1', data: { quantity: 12345 }, ...at },
    ])
    expect(found(metricOf('reservation-revoked-critical'))).toEqual([1])
    expect(written).not.toContain('12345')
  })

  it('of a signing key that is not to be had', () => {
    logFailure({ site: aws, function: 'ingest', error: new SigningKeyUnavailable(new Error('access denied')) })
    expect(found(metricOf('signing-key-critical'))).toEqual([1])
  })
})

it('every row that reads a log is held against a line above', () => {
  const held = [
    'lag-tier',
    'latency-between-sites',
    'egress',
    'clock-ahead',
    'quarantine',
    'dead-letter',
    'stock-exceeded',
    'stock-short',
    'reservation-revoked',
    'signing-key',
  ]
  const rows = alerts.filter(({ metric }) => metric.from === 'log').map(({ id }) => id)
  expect(rows.filter(id => !held.some(name => id.startsWith(name)))).toEqual([])
})

it('a critical value is beyond its warning, over the same window', () => {
  const level = (name: string, severity: Alert['severity']) => alerts.find(({ id }) => id === `${name}-${severity}`)
  const pairs = alerts.flatMap(({ id, severity }) => {
    const name = id.slice(0, -severity.length - 1)
    const [warning, critical] = [level(name, 'warning'), level(name, 'critical')]
    return warning && critical ? [{ warning, critical }] : []
  })
  expect(pairs.length).toBeGreaterThan(0)
  for (const { warning, critical } of pairs) {
    expect(critical.above).toBeGreaterThan(warning.above)
    expect(critical.windowMinutes).toBe(warning.windowMinutes)
  }
})
