/** Between sites: who may write here, what is refused and how, and which answers are believed. */
import { randomBytes } from 'node:crypto'
import { brotliCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createSigner } from '../../functions/common/session-signer.ts'
import { PeerUnavailable } from '../../shared/ports/index.ts'
import { answerIngest, answerTokenHeader, type IngestRequest } from '../../shared/wire/ingest-endpoint.ts'
import {
  clockAheadMaxS,
  clockToleranceS,
  expandedBytesMax,
  requestBytesMax,
  tokenLifetimeS,
} from '../../shared/wire/limits.ts'
import { batchEncoding, encodeBody } from '../../shared/wire/request-body.ts'
import { digestOf, type Sign, type Signed } from '../../shared/wire/token.ts'
import { startMs } from './memory-site.ts'
import { aws, type Between, gcp, keyPair, requestOf, type Wire, wire } from './wire-sites.ts'

const ref = { type: 'carts', key: ['alice'] }
const tea = { items: { tea: { quantity: 2 } } }
const other = { type: 'carts', key: ['bob'] }

describe('a delivery', () => {
  it('is merged at the peer and answered change by change', async () => {
    const { sender, receiver, peer } = await wire()
    const events = [await sender.change(ref, tea), await sender.change(other, tea)]
    expect(await peer().deliver(events)).toEqual([{ answer: 'applied' }, { answer: 'applied' }])
    expect([receiver.document(ref), receiver.document(other)]).toEqual([tea, tea])
    expect(await peer().deliver(events)).toEqual([{ answer: 'duplicate' }, { answer: 'duplicate' }])
  })

  it('with a malformed event in it is applied around that event', async () => {
    const { sender, receiver, peer } = await wire()
    const good = await sender.change(ref, tea)
    const bad = { ...good, text: '{"specversion":"1.0"}' }
    const last = await sender.change(other, tea)
    expect(await peer().deliver([good, bad, last])).toEqual([
      { answer: 'applied' },
      { answer: 'refused', reason: 'malformed', detail: expect.stringContaining('at data') },
      { answer: 'applied' },
    ])
    expect(receiver.document(other)).toEqual(tea)
  })

  it('keeps every letter of a document', async () => {
    const { sender, receiver, peer } = await wire()
    const document = { items: {}, note: 'Grüße ☕ \u2028 "quoted" \\ \u0001', deep: [[{ a: [null, true, 1e-7] }]] }
    await peer().deliver([await sender.change(ref, document)])
    expect(receiver.document(ref)).toEqual(document)
  })
})

describe('a session that has to be certified first', () => {
  it('is waited for no longer than the request may take: capture is not held up by a KMS', async () => {
    const { sender, peer } = await wire()
    const change = await sender.change(ref, tea)
    const never: Sign = () => new Promise(() => {})
    // Nothing else keeps this process alive meanwhile.
    const alive = setTimeout(() => {}, 5_000)
    const startedMs = performance.now()
    await expect(peer({}, { sign: never, timeoutMs: 100 }).deliver([change])).rejects.toThrow(PeerUnavailable)
    clearTimeout(alive)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})

describe('a question', () => {
  it('is answered with what the peer knows of each record, and no more', async () => {
    const { sender, receiver, peer } = await wire()
    await peer().deliver([await sender.change(ref, tea), await sender.change(other, tea)])
    await receiver.change(other, undefined)
    receiver.clock.nowMs += 70
    const { hash: plan } = receiver.here.plan
    const ask = (key: string, type = 'carts') => ({ type, key: [key], plan })
    const questions = [ask('alice'), ask('bob'), ask('nobody'), ask('x', 'unheard'), { ...ask('bob'), plan: 'older' }]
    const { vector } = receiver.record(other)
    expect(await peer().ask(questions)).toEqual([
      { standing: 'alive', vector: { [aws]: startMs } },
      { standing: 'deleted', vector, forMs: 70 },
      { standing: 'absent' },
      { standing: 'unknown' },
      { standing: 'unknown' },
    ])
  })

  it('is no question with more records than a site reads at once', async () => {
    const { receiver, peer } = await wire()
    const questions = Array.from({ length: 101 }, () => ({ ...ref, plan: receiver.here.plan.hash }))
    await expect(peer().ask(questions)).rejects.toThrow('status 400')
  })

  it('is not answered by the answers to a delivery', async () => {
    const { peer } = await wire()
    const answered = peer({ response: response => ({ ...response, body: '{"answers":[]}' }) })
    await expect(answered.ask([{ ...ref, plan: 'x' }])).rejects.toBeInstanceOf(PeerUnavailable)
  })
})

describe('a change larger than a request may be', () => {
  it.each<[string, string]>([
    ['as sent', randomBytes(requestBytesMax + 1).toString('base64')],
    ['expanded', 'x'.repeat(expandedBytesMax + 1)],
  ])('%s: is refused without being sent, so that it does not wait for ever', async (_, text) => {
    const { sender, peer } = await wire()
    const event = { ...(await sender.change(ref, tea)), text }
    const unreached = peer({}, { fetch: () => Promise.reject(new Error('it was sent')) })
    expect(await unreached.deliver([event])).toEqual([
      { answer: 'refused', reason: 'too_large', detail: expect.stringContaining(`${text.length} bytes`) },
    ])
  })
})

describe('a request is refused before any store is touched', () => {
  type Bend = (request: IngestRequest, wire: Wire) => Promise<IngestRequest> | IngestRequest
  const signed =
    (body: Uint8Array, encoding?: string) =>
    (_: IngestRequest, { sign }: Wire) =>
      requestOf(sign, body, startMs, encoding === undefined ? {} : { encoding })
  const at =
    (nowMs: number) =>
    ({ body }: IngestRequest, { sign }: Wire) =>
      requestOf(sign, body, nowMs, { encoding: batchEncoding })
  const withToken =
    (token: string | undefined): Bend =>
    request => ({
      ...request,
      headers: { ...request.headers, authorization: token },
    })
  const claims = (content: object) => Buffer.from(JSON.stringify(content)).toString('base64url')
  const unsigned = `${claims({ alg: 'none' })}.${claims({ iss: aws, aud: gcp, iat: startMs / 1000, exp: 2e9, digest: 'x' })}.`

  it.each<[string, Bend, number, string]>([
    ['without a token', withToken(undefined), 401, 'token_missing'],
    ['with a password', withToken('Basic YTpi'), 401, 'token_missing'],
    ['with something that is no token', withToken('Bearer hello'), 401, 'token_invalid'],
    ['with a token that nobody signed', withToken(`Bearer ${unsigned}`), 401, 'token_invalid'],
    ['with a token of yesterday', at(startMs - 86_400_000), 401, 'token_expired'],
    ['with a token of tomorrow', at(startMs + 86_400_000), 401, 'token_invalid'],
    [
      'for another site',
      ({ body }, { sign }) => requestOf(sign, body, startMs, { audience: 'azure-eastus' }),
      401,
      'token_wrong_audience',
    ],
    [
      'of a site that is no peer',
      ({ body }, { sign }) => requestOf(sign, body, startMs, { issuer: 'azure-eastus' }),
      401,
      'token_unknown_issuer',
    ],
    [
      'under the name of a peer, with another key',
      async ({ body }) => requestOf(createSigner((await keyPair()).privateKey), body, startMs),
      401,
      'token_invalid',
    ],
    ['with another body than was signed', request => ({ ...request, body: Buffer.from('[]') }), 400, 'digest_mismatch'],
    ['of more than a hundred changes', signed(Buffer.from(JSON.stringify(Array(101).fill(0)))), 413, 'too_many'],
    ['of more than a megabyte', signed(new Uint8Array(requestBytesMax + 1)), 413, 'request_too_large'],
    [
      'that is a bomb',
      signed(brotliCompressSync(Buffer.alloc(expandedBytesMax + 1, ' ')), batchEncoding),
      413,
      'expands_too_large',
    ],
    ['in an unknown encoding', signed(Buffer.from('[]'), 'gzip'), 400, 'body_malformed'],
    ['that is not compressed as it says', signed(Buffer.from('[]'), batchEncoding), 400, 'body_malformed'],
    ['that is no JSON', signed(Buffer.from('hello')), 400, 'body_malformed'],
    ['that is no batch', signed(Buffer.from('{"specversion":"1.0"}')), 400, 'body_malformed'],
  ])('%s', async (_, bend, status, code) => {
    const made = await wire()
    const { sender, sign, ports } = made
    const body = await encodeBody([(await sender.change(ref, tea)).text])
    const good = await requestOf(sign, body, startMs, { encoding: batchEncoding })
    const never = () => Promise.reject(new Error('a store was touched'))
    const untouchable = {
      ...ports,
      store: { readRecord: never, readDocument: never, commit: never },
      audit: { put: never },
    }
    const response = await answerIngest(await bend(good, made), untouchable)
    expect(response.status).toBe(status)
    expect(JSON.parse(response.body)).toEqual({ error: code, detail: expect.any(String) })
    expect(response.headers[answerTokenHeader]).toBeUndefined()
    expect((await answerIngest(good, ports)).status).toBe(200)
  })

  it('and the largest one that is allowed is taken', async () => {
    const { sign, ports } = await wire()
    const body = Buffer.alloc(requestBytesMax, ' ')
    body.write('[]')
    expect(await answerIngest(await requestOf(sign, body, startMs), ports)).toMatchObject({
      status: 200,
      body: '{"answers":[]}',
    })
    const spaces = Buffer.alloc(expandedBytesMax, ' ')
    spaces.write('[]')
    const packed = await requestOf(sign, brotliCompressSync(spaces), startMs, { encoding: batchEncoding })
    expect((await answerIngest(packed, ports)).status).toBe(200)
  })
})

describe('clocks that differ', () => {
  const cases: readonly (readonly [string, number, number, string])[] = [
    // What such a sender sends is put into quarantine, one by one and visibly: see ingest.
    ['by an hour, receiver behind', -clockAheadMaxS, 200, 'answers'],
    ['by more, receiver behind', -clockAheadMaxS - 1, 401, 'token_invalid'],
    ["by a token's lifetime", tokenLifetimeS, 200, 'answers'],
    ['by a lifetime and less than is tolerated', tokenLifetimeS + clockToleranceS - 1, 200, 'answers'],
    ['by a lifetime and more than is tolerated', tokenLifetimeS + clockToleranceS + 1, 401, 'token_expired'],
  ]
  it.each(cases)('%s (%d s): %d', async (_, differenceS, status, found) => {
    const { receiver, sign, ports } = await wire()
    const nowMs = Math.floor(startMs / 1000) * 1000
    receiver.clock.nowMs = nowMs + differenceS * 1000
    const response = await answerIngest(await requestOf(sign, Buffer.from('[]'), nowMs), ports)
    expect(response.status).toBe(status)
    expect(response.body).toContain(found)
  })
})

describe('an answer is believed only if the peer signed it for this very request', () => {
  const header = (token: string | undefined): Between => ({
    response: response => {
      const { [answerTokenHeader]: _, ...headers } = response.headers
      return { ...response, headers: token === undefined ? headers : { ...headers, [answerTokenHeader]: token } }
    },
  })

  const applied = '{"answers":[{"answer":"applied"}]}'

  async function refusalOf(made: Wire, between: Between): Promise<unknown> {
    const event = await made.sender.change(ref, tea)
    return made
      .peer(between)
      .deliver([event])
      .catch((error: unknown) => error)
  }

  it('an unsigned one is none', async () => {
    const made = await wire()
    expect(await refusalOf(made, header(undefined))).toBeInstanceOf(PeerUnavailable)
  })

  it('one that was changed on the way is none', async () => {
    const made = await wire()
    const change: Between = {
      response: response => ({ ...response, body: response.body.replace('applied', 'duplicate') }),
    }
    expect(await refusalOf(made, change)).toEqual(new PeerUnavailable(gcp, 'the answer is not signed for this request'))
  })

  it('one to another request is none, though the peer signed it', async () => {
    const made = await wire()
    const first = await answerIngest(
      await requestOf(made.sign, await encodeBody([(await made.sender.change(other, tea)).text]), startMs, {
        encoding: batchEncoding,
      }),
      made.ports,
    )
    expect(first.status).toBe(200)
    expect(await refusalOf(made, { response: () => first })).toEqual(
      new PeerUnavailable(gcp, 'the answer is not signed for this request'),
    )
  })

  let writes = 0

  /** What `sign` vouches for, in place of the peer's own answer. */
  async function deliverAnswered(made: Wire, sign: Sign, claims: Partial<Signed> = {}, text = applied) {
    const event = await made.sender.change(ref, { ...tea, note: `write ${++writes}` })
    const body = Buffer.from(text)
    const inReplyTo = digestOf(await encodeBody([event.text]))
    const token = await sign({ issuer: gcp, audience: aws, body, nowMs: startMs, inReplyTo, ...claims })
    return made
      .peer({ response: () => ({ status: 200, headers: { [answerTokenHeader]: token }, body: text }) })
      .deliver([event])
  }

  it('one with its signature, its addressee, its time and its request is believed', async () => {
    const made = await wire()
    expect(await deliverAnswered(made, made.signAsReceiver)).toEqual([{ answer: 'applied' }])
  })

  it('one that was signed by the sender itself, or by a stranger, is none', async () => {
    const made = await wire()
    const stranger = createSigner((await keyPair()).privateKey)
    await expect(deliverAnswered(made, made.sign)).rejects.toThrow(PeerUnavailable)
    await expect(deliverAnswered(made, stranger)).rejects.toThrow(PeerUnavailable)
  })

  it('one for another site, of another site, or too old, is none', async () => {
    const made = await wire()
    for (const claims of [{ audience: 'azure-eastus' }, { issuer: 'azure-eastus' }, { nowMs: startMs - 3_600_000 }]) {
      await expect(deliverAnswered(made, made.signAsReceiver, claims)).rejects.toThrow(PeerUnavailable)
    }
  })

  it('one in words that nobody knows is none', async () => {
    const made = await wire()
    for (const text of ['{"answers":[{"answer":"maybe"}]}', '{}', 'applied']) {
      await expect(deliverAnswered(made, made.signAsReceiver, {}, text)).rejects.toThrow(PeerUnavailable)
    }
  })
})

describe('a peer is unavailable, and says why, when', () => {
  it('it refuses the request as a whole', async () => {
    const { sender, receiver, peer } = await wire()
    receiver.clock.nowMs += 3_600_000
    const event = await sender.change(ref, tea)
    await expect(peer().deliver([event])).rejects.toThrow(/gcp-us-central1 is unavailable: status 401 .*token_expired/)
  })

  it('there is no connection', async () => {
    const { sender, peer } = await wire()
    const event = await sender.change(ref, tea)
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:1')
    const offline = peer({}, { fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) })
    const failure = await offline.deliver([event]).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(PeerUnavailable)
    expect(failure).toHaveProperty('message', `${gcp} is unavailable: fetch failed: ${cause.message}`)
  })

  it('it does not answer in time', async () => {
    const { sender, peer } = await wire()
    const event = await sender.change(ref, tea)
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('timed out')))
      })
    await expect(peer({}, { fetch: silent, timeoutMs: 5 }).deliver([event])).rejects.toThrow(
      /timed out|aborted due to timeout/,
    )
  })

  it('something between answers with a page of its own', async () => {
    const { sender, peer } = await wire()
    const event = await sender.change(ref, tea)
    const page = peer({ response: () => ({ status: 502, headers: {}, body: '<html>Bad Gateway</html>' }) })
    await expect(page.deliver([event])).rejects.toThrow('status 502 <html>Bad Gateway</html>')
  })
})
