import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LambdaOptions } from '../../tools/local/aws/lambda.ts'
import { startRestApi } from '../../tools/local/aws/rest-api.ts'
import { lambdaFrom } from './aws-harness.ts'

async function apiOf(source: string, options: Partial<LambdaOptions> = {}): Promise<string> {
  const lambda = await lambdaFrom(source, { instances: 2, ...options })
  const api = await startRestApi({ invoke: (event, abandoned) => lambda.invoke(event, abandoned) })
  onTestFinished(() => api.stop())
  return api.url
}

const ECHO_EVENT = `exports.handler = async event => ({ statusCode: 200, body: JSON.stringify(event) })`
/** Answers with the very bytes of the request, compressed or not. */
const ECHO_BODY = `exports.handler = async event => ({
  statusCode: 200,
  headers: { 'Content-Type': 'application/octet-stream' },
  body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('base64'),
  isBase64Encoded: true,
})`

describe('a REST API in front of a function', () => {
  it('hands over the request in payload format 1.0, names of headers as they were sent', async () => {
    const url = await apiOf(ECHO_EVENT)
    const sent = request(`${url}/ingest?site=aws&site=gcp&n=1`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/cloudevents-batch+json',
        Authorization: 'Bearer abc',
        'X-Twice': ['a', 'b'],
      },
    }).end('[{"é":1}]')
    const [response] = await new Promise<[IncomingMessage]>(resolve =>
      sent.on('response', message => resolve([message])),
    )
    expect(JSON.parse(await text(response))).toMatchObject({
      resource: '/ingest',
      path: '/ingest',
      httpMethod: 'POST',
      queryStringParameters: { site: 'gcp', n: '1' },
      multiValueQueryStringParameters: { site: ['aws', 'gcp'], n: ['1'] },
      headers: { 'Content-Type': 'application/cloudevents-batch+json', Authorization: 'Bearer abc', 'X-Twice': 'b' },
      multiValueHeaders: { 'X-Twice': ['a', 'b'] },
      requestContext: {
        httpMethod: 'POST',
        identity: { sourceIp: '127.0.0.1' },
        path: '/tributary/ingest',
        stage: 'tributary',
        requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        requestTimeEpoch: expect.any(Number),
      },
      body: Buffer.from('[{"é":1}]').toString('base64'),
      isBase64Encoded: true,
    })
  })

  it('hands over a request without a body as one without', async () => {
    const response = await fetch(await apiOf(ECHO_EVENT))
    expect(await response.json()).toMatchObject({ body: null, isBase64Encoded: false, queryStringParameters: null })
  })

  it('leaves binary bodies as they are, there and back', async () => {
    const url = await apiOf(ECHO_BODY)
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const compressed = gzipSync(JSON.stringify({ text: 'größer'.repeat(1_000) }))

    const plain = await fetch(url, { method: 'POST', body: everyByte })
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const packed = await fetch(url, { method: 'POST', headers, body: compressed })

    expect(Buffer.from(await plain.arrayBuffer())).toEqual(everyByte)
    expect(plain.headers.get('content-type')).toBe('application/octet-stream')
    expect(gunzipSync(Buffer.from(await packed.arrayBuffer())).toString()).toContain('größer')
  })

  it('sends status and headers, JSON unless the function says otherwise', async () => {
    const url = await apiOf(
      `exports.handler = async () => ({ statusCode: 409, headers: { 'X-Tries': 3 }, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } })`,
    )
    const response = await fetch(url)
    expect([response.status, response.headers.get('x-tries')]).toEqual([409, '3'])
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await response.text()).toBe('')
  })

  it.each([
    ['throws', `exports.handler = async () => { throw new Error('boom') }`],
    ['returns no response', `exports.handler = async () => ({ fine: true })`],
    ['returns a body that is no string', `exports.handler = async () => ({ statusCode: 200, body: { a: 1 } })`],
    ['does not end in time', `exports.handler = () => new Promise(() => setInterval(() => {}, 1000))`],
    ['crashes', `exports.handler = () => new Promise(() => setTimeout(() => { throw new Error('late') }, 10))`],
  ])('answers 502 when the function %s', async (_, source) => {
    const response = await fetch(await apiOf(source, { timeoutMs: 300 }))
    expect(response.status).toBe(502)
    expect(await response.json()).toEqual({ message: 'Internal server error' })
  })

  it('answers 413 to more than 10 MB, and to what fits the gateway but not Lambda', async () => {
    const url = await apiOf(`exports.handler = async () => ({ statusCode: 200, body: 'called' })`)
    const post = async (bytes: number) => (await fetch(url, { method: 'POST', body: Buffer.alloc(bytes) })).status
    expect(await post(10 * 1024 * 1024 + 1)).toBe(413)
    expect(await post(5 * 1024 * 1024)).toBe(413)
    expect(await post(4 * 1024 * 1024)).toBe(200)
  })

  it('does not call the function for clients that hung up while they waited for an instance', async () => {
    const url = await apiOf(
      `let calls = 0
       exports.handler = async event => {
         calls++
         if (event.path === '/slow') await new Promise(resolve => setTimeout(resolve, 400))
         return { statusCode: 200, body: String(calls) }
       }`,
      { instances: 1 },
    )
    const get = async (path: string, signal?: AbortSignal) => {
      const sent = request(`${url}${path}`, { agent: false, ...(signal && { signal }) }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return text(response)
    }
    const slow = get('/slow')
    await sleep(100)
    const gone = [1, 2, 3].map(() => get('/', AbortSignal.timeout(100)))
    expect((await Promise.allSettled(gone)).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(await slow).toBe('1')
    expect(await get('/')).toBe('2')
  })

  it('goes on after a client that hangs up in the middle of its request', async () => {
    const url = await apiOf(`exports.handler = async () => ({ statusCode: 200, body: 'fine' })`)
    const broken = request(url, { method: 'POST', headers: { 'content-length': '1000' } })
    broken.on('error', () => undefined)
    broken.write('half')
    await sleep(50)
    broken.destroy()
    const next = request(url).end()
    const [response] = await new Promise<[IncomingMessage]>(resolve =>
      next.on('response', message => resolve([message])),
    )
    expect(await text(response)).toBe('fine')
  })
})
