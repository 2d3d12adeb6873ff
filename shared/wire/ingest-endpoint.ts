/**
 * The HTTP side of ingest, the same on every cloud: everything that can be refused is refused here, by name, before
 * any store is touched.
 */

import * as z from '../document/schema.ts'
import type { Answer } from '../replicate/answer.ts'
import { aheadMsOf, batchReport, lagMsByTier, type ReportBatch } from '../replicate/batch-report.ts'
import { batchChangesMax } from '../replicate/batches.ts'
import type { Change } from '../replicate/change.ts'
import { decodeChange } from '../replicate/change-event.ts'
import { ChangeMalformed } from '../replicate/event-fields.ts'
import { type IngestPorts, ingest } from '../replicate/ingest.ts'
import { tellStandings } from '../replicate/standing.ts'
import { requestBytesMax } from './limits.ts'
import { BodyMalformed, BodyTooLarge, decodeBody } from './request-body.ts'
import { questionsIn, standingsContentType } from './standings-body.ts'
import { digestOf, type Sign, TokenRefused, type Verify } from './token.ts'

export interface IngestRequest {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}

export interface IngestResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Carries the answer's own token. */
export const answerTokenHeader = 'tributary-answer-token'

/** For a function that can tell from the headers: refuse before the body is read, when nobody has proved anything. */
export function tooLargeByHeader(headers: IngestRequest['headers']): IngestResponse | undefined {
  return Number(headers['content-length'] ?? 0) > requestBytesMax ? responseTo(requestTooLarge()) : undefined
}

export interface IngestEndpointPorts extends IngestPorts {
  /** Told of every batch that was answered. */
  readonly report?: ReportBatch
  readonly sign: Sign
  readonly verify: Verify
}

class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

export async function answerIngest(request: IngestRequest, ports: IngestEndpointPorts): Promise<IngestResponse> {
  try {
    const admitted = await admit(request, ports)
    const { sender, digest, events } = admitted
    const asks = request.headers['content-type'] === standingsContentType
    const body = JSON.stringify(
      asks
        ? { standings: await tellStandings(questionsIn(events), sender, ports) }
        : { answers: await answersFor(admitted, request.body.length, ports) },
    )
    const { here, clock, sign } = ports
    const token = await sign({
      issuer: here.site,
      audience: sender,
      body: Buffer.from(body),
      nowMs: clock.now(),
      inReplyTo: digest,
    })
    return { status: 200, headers: { 'content-type': 'application/json', [answerTokenHeader]: token }, body }
  } catch (error) {
    return responseTo(refusalFor(error))
  }
}

type Admitted = Awaited<ReturnType<typeof admit>>

function requestTooLarge(): Refusal {
  return new Refusal(413, 'request_too_large', `a request is at most ${requestBytesMax} bytes`)
}

function responseTo({ status, code, message }: Refusal): IngestResponse {
  const body = JSON.stringify({ error: code, detail: message })
  return { status, headers: { 'content-type': 'application/json' }, body }
}

async function admit({ headers, body }: IngestRequest, { here, clock, verify }: IngestEndpointPorts) {
  if (body.length > requestBytesMax) throw requestTooLarge()
  const bearer = headers.authorization?.match(/^Bearer (.+)$/i)?.[1]
  const { issuer, digest, atMs } = await verify(bearer, here.site, clock.now())
  if (digestOf(body) !== digest) throw new Refusal(400, 'digest_mismatch', 'the body is not the one that was signed')
  return { sender: issuer, digest, sentAtMs: atMs, events: await decodeBody(body, headers['content-encoding']) }
}

/** One answer per event, in their order. One that is malformed does not hold up its neighbours. */
async function answersFor(
  { sender, sentAtMs, events }: Admitted,
  bytes: number,
  ports: IngestEndpointPorts,
): Promise<readonly Answer[]> {
  if (events.length > batchChangesMax) throw new Refusal(413, 'too_many', `more than ${batchChangesMax} changes`)
  const decoded = events.map(event => decodeOrRefuse(event, ports.here.plan.hash))
  const changes = decoded.flatMap(item => ('answer' in item ? [] : [item]))
  // Before anything is waited for: what is under way when the clock is read would look like the sender's clock.
  const nowMs = ports.clock.now()
  const settled = await ingest(changes, sender, ports, sentAtMs)
  const ingested = settled.values()
  const answers = decoded.map(
    (item): Answer => ('answer' in item ? item : (ingested.next().value ?? { answer: 'busy', reason: 'no answer' })),
  )
  ports.report?.({
    ...batchReport(changes, answers, { batch: 'received', peer: sender, bytes }, nowMs),
    lagMsByTier: lagMsByTier(changes, settled, type => ports.here.types.get(type)?.plan.tier, ports.clock.now()),
    aheadMs: Math.max(sentAtMs - nowMs, ...changes.map(change => aheadMsOf(change, sentAtMs, nowMs))),
  })
  return answers
}

/** What is wrong with an event may quote all of it. */
const detailLengthMax = 300

const madeUnder = z.object({ data: z.object({ plan: z.string() }) })

/** The form of a change belongs to its plan: one of another version of this code waits until both run the same. */
function decodeOrRefuse(event: unknown, plan: string): Change | Answer {
  try {
    return decodeChange(event)
  } catch (error) {
    if (!(error instanceof ChangeMalformed)) throw error
    const { data } = madeUnder.safeParse(event)
    if (data && data.data.plan !== plan) return { answer: 'held' }
    return { answer: 'refused', reason: 'malformed', detail: error.message.slice(0, detailLengthMax) }
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof TokenRefused) return new Refusal(401, `token_${error.fault}`, error.message)
  if (error instanceof BodyTooLarge) return new Refusal(413, 'expands_too_large', error.message)
  if (error instanceof BodyMalformed) return new Refusal(400, 'body_malformed', error.message)
  throw error
}
