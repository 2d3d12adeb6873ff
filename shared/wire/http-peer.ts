/** Another site's ingest over HTTPS. Whatever is wrong with the request as a whole means: the peer is unavailable. */

import type { SiteId } from '../causality/dot.ts'
import * as z from '../document/schema.ts'
import { type Clock, type Peer, type PeerStandings, PeerUnavailable } from '../ports/index.ts'
import { type Answer, refusalReasons } from '../replicate/answer.ts'
import type { ChangeEvent } from '../replicate/change-event.ts'
import type { StandingQuestion } from '../replicate/standing.ts'
import { answerTokenHeader } from './ingest-endpoint.ts'
import { expandedBytesMax, requestBytesMax } from './limits.ts'
import { batchContentType, batchEncoding, encodeBody } from './request-body.ts'
import { questionText, standingsContentType, standingsIn } from './standings-body.ts'
import { digestOf, type Sign, type Verify } from './token.ts'

export interface HttpPeerOptions {
  readonly site: SiteId
  readonly peer: SiteId
  /** The peer's ingest endpoint. */
  readonly url: string
  readonly clock: Clock
  readonly sign: Sign
  /** Knows the peer's public key: an answer that the peer did not sign is none. */
  readonly verify: Verify
  readonly timeoutMs?: number
  /** Default: the global one. */
  readonly fetch?: (url: string, request: PeerRequest) => Promise<Response>
}

/** What a request to a peer holds. */
export interface PeerRequest {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: Uint8Array<ArrayBuffer>
  readonly signal: AbortSignal
}

const answers = z.object({
  answers: z.array(
    z.discriminatedUnion('answer', [
      z.object({ answer: z.enum(['applied', 'duplicate', 'gap', 'held']) }),
      z.object({ answer: z.literal('quarantined'), aheadMs: z.number() }),
      z.object({ answer: z.literal('busy'), reason: z.string() }),
      z.object({
        answer: z.literal('refused'),
        reason: z.enum(refusalReasons),
        detail: z.string(),
      }),
    ]),
  ),
})

export function createHttpPeer(options: HttpPeerOptions): Peer & PeerStandings {
  const { peer, fetch = globalThis.fetch } = options

  async function post(body: Buffer, contentType: string): Promise<Response> {
    const { site, url, clock, sign, timeoutMs = 5000 } = options
    // Of the whole request: a session that has to be certified first asks the KMS.
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const token = await within(signal, sign({ issuer: site, audience: peer, body, nowMs: clock.now() }))
      return await fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': contentType,
          'content-encoding': batchEncoding,
        },
        body: new Uint8Array(body),
        signal,
      })
    } catch (error) {
      throw new PeerUnavailable(peer, reasonOf(error), error)
    }
  }

  async function signedAnswer(response: Response, request: Buffer): Promise<unknown> {
    const body = Buffer.from(await response.arrayBuffer())
    if (response.status !== 200) {
      throw new PeerUnavailable(peer, `status ${response.status} ${body.toString().slice(0, 200)}`)
    }
    const { site, clock, verify } = options
    const { issuer, digest, inReplyTo } = await verify(
      response.headers.get(answerTokenHeader) ?? undefined,
      site,
      clock.now(),
      'tributary-answer',
    )
    if (issuer !== peer || digest !== digestOf(body) || inReplyTo !== digestOf(request)) {
      throw new PeerUnavailable(peer, 'the answer is not signed for this request')
    }
    return JSON.parse(body.toString())
  }

  async function exchange<Result>(
    request: Buffer,
    contentType: string,
    read: (answer: unknown) => Result,
  ): Promise<Result> {
    const response = await post(request, contentType)
    try {
      return read(await signedAnswer(response, request))
    } catch (error) {
      throw error instanceof PeerUnavailable ? error : new PeerUnavailable(peer, reasonOf(error), error)
    }
  }

  return {
    async deliver(events: readonly ChangeEvent[]) {
      const request = await encodeBody(events.map(({ text }) => text))
      if (exceedsRequest(request, events)) return events.map(tooLarge)
      return exchange(request, batchContentType, answer => answers.parse(answer).answers)
    },

    async ask(questions: readonly StandingQuestion[]) {
      const request = await encodeBody(questions.map(questionText))
      return exchange(request, standingsContentType, answer => standingsIn(answer, questions.length))
    },
  }
}

/** Does not end the work: a certificate that comes later is there for the next request. */
function within<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work.then(resolve, reject)
  })
}

/** Batches are cut far below this: it is one change that is too large, and it would be refused for ever. */
function exceedsRequest(request: Buffer, events: readonly ChangeEvent[]): boolean {
  // With the brackets and commas of the batch.
  const expanded = events.reduce((bytes, { text }) => bytes + Buffer.byteLength(text) + 1, 1)
  return request.length > requestBytesMax || expanded > expandedBytesMax
}

function tooLarge({ text }: ChangeEvent): Answer {
  const detail = `${Buffer.byteLength(text)} bytes; a request holds ${requestBytesMax} as sent, ${expandedBytesMax} expanded`
  return { answer: 'refused', reason: 'too_large', detail }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
