import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type CloudFunction, createCloudFunction } from '../../tools/local/gcp/cloud-function.ts'
import { type HttpFront, startHttpFront } from '../../tools/local/gcp/http-front.ts'
import { type BundleFolder, createBundleFolder } from './gcp-function-bundle.ts'

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))

const SOURCE = `
  import { http } from '@google-cloud/functions-framework'
  http('echo', (request, response) => {
    response.status(201)
    response.set({ 'content-type': 'application/octet-stream', 'x-method': request.method, 'x-url': request.url })
    response.set('x-token', request.get('authorization') ?? 'none')
    response.set('x-environment', Object.keys(process.env).join())
    response.send(request.rawBody ?? '')
  })
  http('slow', (request, response) => {
    console.log('started')
    setTimeout(() => response.send('done'), Number(request.query.ms ?? 0))
  })
  http('endless', (request, response) => {
    if (request.path === '/ok') return response.send('ok')
    console.log('started')
    for (;;);
  })
`

let folder: BundleFolder
let bundle: string
const functions: CloudFunction[] = []
const fronts: HttpFront[] = []

beforeAll(async () => {
  folder = await createBundleFolder()
  bundle = await folder.bundle(SOURCE)
})

afterEach(async () => {
  await Promise.all(functions.splice(0).map(cloudFunction => cloudFunction.stop()))
  await Promise.all(fronts.splice(0).map(front => front.stop()))
})

afterAll(() => folder.remove())

interface Started {
  readonly cloudFunction: CloudFunction
  /** Resolves when the function has written the line. */
  logged(line: string): Promise<void>
}

function start(target: string, options: { bundle?: string; requestTimeoutMs?: number } = {}): Started {
  const lines: string[] = []
  let onLine = () => {}
  const cloudFunction = createCloudFunction({
    name: target,
    bundle,
    target,
    environment: { SITE: 'gcp-us-central1' },
    onLog: line => {
      lines.push(line)
      onLine()
    },
    ...options,
  })
  functions.push(cloudFunction)
  return {
    cloudFunction,
    logged: line =>
      new Promise(resolve => {
        onLine = () => lines.includes(line) && resolve()
        onLine()
      }),
  }
}

const get = (path: string) => ({ method: 'GET', path, headers: {} })

describe('a function of the real framework in a worker', () => {
  test.each(['cjs', 'esm'] as const)('a %s bundle gets and answers binary bodies', async format => {
    const { cloudFunction } = start('echo', { bundle: await folder.bundle(SOURCE, format) })
    const answer = await cloudFunction.request({
      method: 'PUT',
      path: '/ingest/a%20b?x=1',
      headers: { 'content-type': 'application/octet-stream', authorization: 'Bearer t' },
      body: EVERY_BYTE,
    })
    expect(answer.status).toBe(201)
    expect(answer.body).toEqual(EVERY_BYTE)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-method': 'PUT',
      'x-url': '/ingest/a%20b?x=1',
      'x-token': 'Bearer t',
    })
  })

  test('it sees its own environment and nothing of the host', async () => {
    const { cloudFunction } = start('echo')
    const { headers } = await cloudFunction.request(get('/'))
    expect(headers['x-environment']).toBe('SITE')
  })

  test('killed in the middle of a request it fails that request, and the next one starts it again', async () => {
    const { cloudFunction, logged } = start('slow')
    const request = cloudFunction.request(get('/?ms=30000'))
    const failed = expect(request).rejects.toMatchObject({ name: 'WorkerEnded' })
    await logged('started')
    await cloudFunction.kill()
    await failed
    expect((await cloudFunction.request(get('/?ms=0'))).body.toString()).toBe('done')
    expect(cloudFunction.starts).toBe(2)
  })

  test('killing one leaves the request of another alone', async () => {
    const victim = start('echo')
    const neighbour = start('slow')
    await victim.cloudFunction.warm()
    const request = neighbour.cloudFunction.request(get('/?ms=300'))
    await neighbour.logged('started')
    await victim.cloudFunction.kill()
    expect((await request).status).toBe(200)
    expect(neighbour.cloudFunction.starts).toBe(1)
  })

  test('one that never answers, in an endless loop even, is killed after its timeout', async () => {
    const { cloudFunction } = start('endless', { requestTimeoutMs: 3_000 })
    await cloudFunction.warm()
    await expect(cloudFunction.request(get('/'))).rejects.toMatchObject({ name: 'FunctionTimedOut' })
    expect((await cloudFunction.request(get('/ok'))).status).toBe(200)
  })

  test('a bundle that does not load says why', async () => {
    const broken = await folder.bundle(`throw new Error('no key configured')`)
    await expect(start('echo', { bundle: broken }).cloudFunction.request(get('/'))).rejects.toThrow('no key configured')
    await expect(start('unheard-of').cloudFunction.request(get('/'))).rejects.toThrow('unheard-of')
  })

  test('stopped it answers nothing more', async () => {
    const { cloudFunction } = start('echo')
    await cloudFunction.warm()
    await cloudFunction.stop()
    await expect(cloudFunction.request(get('/'))).rejects.toMatchObject({ name: 'WorkerEnded' })
  })
})

describe('the front of an HTTP function', () => {
  async function startFront(cloudFunction: CloudFunction): Promise<HttpFront> {
    const front = await startHttpFront({ cloudFunction })
    fronts.push(front)
    return front
  }

  test('hands on method, path, headers and binary bodies, both ways', async () => {
    const front = await startFront(start('echo').cloudFunction)
    const answer = await fetch(`${front.url}/ingest?x=1`, {
      method: 'POST',
      headers: { authorization: 'Bearer t', 'content-type': 'application/octet-stream' },
      body: EVERY_BYTE,
    })
    expect(answer.status).toBe(201)
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(EVERY_BYTE)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-method': 'POST',
      'x-url': '/ingest?x=1',
      'x-token': 'Bearer t',
    })
  })

  test('answers 503 to the request whose worker was killed and is there again, on the same port, for the next', async () => {
    const { cloudFunction, logged } = start('slow')
    const front = await startFront(cloudFunction)
    const request = fetch(`${front.url}/?ms=30000`)
    await logged('started')
    await cloudFunction.kill()
    expect((await request).status).toBe(503)
    expect((await fetch(`${front.url}/?ms=0`)).status).toBe(200)
  })

  test('answers 503 while the function cannot start', async () => {
    const { cloudFunction } = start('echo')
    const front = await startFront(cloudFunction)
    await cloudFunction.stop()
    expect((await fetch(front.url)).status).toBe(503)
  })

  test('answers 504 after the timeout', async () => {
    const { cloudFunction } = start('endless', { requestTimeoutMs: 3_000 })
    await cloudFunction.warm()
    expect((await fetch((await startFront(cloudFunction)).url)).status).toBe(504)
  })

  test('takes 32 MB and refuses a byte more with 413, with and without a length', async () => {
    const front = await startFront(start('echo').cloudFunction)
    const largest = Buffer.alloc(32 * 1024 * 1024, 7)
    const headers = { 'content-type': 'application/octet-stream' }
    const post = (body: Buffer<ArrayBuffer> | ReadableStream) =>
      fetch(front.url, { method: 'POST', headers, body, duplex: 'half' })
    const accepted = await post(largest)
    expect(accepted.status).toBe(201)
    expect((await accepted.arrayBuffer()).byteLength).toBe(largest.length)
    const tooLarge = Buffer.concat([largest, Buffer.of(7)])
    expect((await post(tooLarge)).status).toBe(413)
    expect((await post(new Blob([tooLarge]).stream())).status).toBe(413)
  })

  test('stopping waits for the request in flight and does not wait for idle connections', async () => {
    const { cloudFunction, logged } = start('slow')
    const front = await startHttpFront({ cloudFunction })
    const idle = connect(front.port, '127.0.0.1')
    await once(idle, 'connect')
    const request = fetch(`${front.url}/?ms=500`)
    await logged('started')
    const beganMs = Date.now()
    await front.stop()
    expect(Date.now() - beganMs).toBeLessThan(3_000)
    expect(await (await request).text()).toBe('done')
    await expect(fetch(front.url)).rejects.toThrow()
  })
})
