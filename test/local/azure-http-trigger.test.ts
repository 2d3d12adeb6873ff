import { afterEach, expect, test } from 'vitest'
import { type AppTriggers, startTriggers } from '../../tools/local/azure/start-triggers.ts'
import { noFaults } from '../../tools/local/runtime/delivery-faults.ts'
import { type AppUnderTest, bundleApp, eventually } from './azure-app.ts'

let running: { under: AppUnderTest; triggers: AppTriggers } | undefined

afterEach(async () => {
  await running?.triggers.stop()
  await running?.under.remove()
  running = undefined
})

async function start(
  source: string,
  { faults = noFaults(), ...options }: Parameters<typeof bundleApp>[1] & { faults?: ReturnType<typeof noFaults> } = {},
) {
  const under = await bundleApp(`import { app } from '@azure/functions'\n${source}`, options)
  const triggers = await startTriggers({ app: under.app, faults, onLog: under.onLog })
  running = { under, triggers }
  return { ...under, triggers, endpoint: triggers.httpEndpoint }
}

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

test('a binary body arrives and leaves byte for byte', async () => {
  const { endpoint } = await start(
    `app.http('ingest', { methods: ['POST'], handler: async request => ({
       status: 201, headers: { 'content-type': 'application/octet-stream', 'x-length': request.headers.get('content-length') },
       body: new Uint8Array(await request.arrayBuffer()).reverse() }) })`,
  )
  const response = await fetch(`${endpoint}/api/ingest`, { method: 'POST', body: everyByte })
  expect(response.status).toBe(201)
  expect(response.headers.get('content-type')).toBe('application/octet-stream')
  expect(response.headers.get('x-length')).toBe('256')
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(everyByte.toReversed())
})

test('the route, its parameters, the query, the headers and the method reach the right function', async () => {
  const show = `(name => async (request) => ({ jsonBody: { name, params: request.params, query: request.query.get('q'),
    header: request.headers.get('x-site'), url: request.url } }))`
  const { endpoint } = await start(
    `app.http('item', { route: 'items/{id}/{part?}', methods: ['GET'], handler: ${show}('item') })
     app.http('special', { route: 'items/special', methods: ['GET'], handler: ${show}('special') })
     app.http('files', { route: 'files/{*path}', methods: ['GET'], handler: ${show}('files') })`,
    { hostJson: { extensions: { http: { routePrefix: 'v1' } } } },
  )
  const get = async (path: string) => (await fetch(`${endpoint}${path}`, { headers: { 'x-site': 'gcp' } })).json()

  expect(await get('/v1/items/a%20b?q=1')).toEqual({
    name: 'item',
    params: { id: 'a b' },
    query: '1',
    header: 'gcp',
    url: `${endpoint}/v1/items/a%20b?q=1`,
  })
  expect(await get('/v1/items/7/lines')).toMatchObject({ name: 'item', params: { id: '7', part: 'lines' } })
  expect(await get('/v1/ITEMS/special')).toMatchObject({ name: 'special' })
  expect(await get('/v1/files/a/b.txt')).toMatchObject({ name: 'files', params: { path: 'a/b.txt' } })
  for (const path of ['/v1/items', '/v1/items/7/lines/more', '/api/items/7']) {
    expect((await fetch(`${endpoint}${path}`)).status).toBe(404)
  }
  expect((await fetch(`${endpoint}/v1/items/7`, { method: 'DELETE' })).status).toBe(404)
})

test('an error is a 500 without a body, nothing is a 204, too much is a 413, a killed instance a 502', async () => {
  const { app, endpoint, saw, triggers } = await start(
    `app.http('fails', { handler: () => { throw new Error('secret') } })
     app.http('nothing', { handler: () => undefined })
     app.http('hangs', { handler: (_, context) => { context.log('saw', '"hanging"'); return new Promise(() => undefined) } })`,
    { environment: { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '100' } },
  )
  const failed = await fetch(`${endpoint}/api/fails`)
  expect([failed.status, await failed.text()]).toEqual([500, ''])
  expect((await fetch(`${endpoint}/api/nothing`)).status).toBe(204)
  expect((await fetch(`${endpoint}/api/nothing`, { method: 'POST', body: everyByte.slice(0, 100) })).status).toBe(204)
  expect((await fetch(`${endpoint}/api/nothing`, { method: 'POST', body: everyByte })).status).toBe(413)

  const hanging = fetch(`${endpoint}/api/hangs`)
  await eventually(() => expect(saw()).toEqual(['hanging']))
  await app.kill()
  expect((await hanging).status).toBe(502)
  expect((await fetch(`${endpoint}/api/nothing`)).status).toBe(204)
  expect(triggers.triggers[0]?.status()).toMatchObject({ failures: 2 })
})

test('on request a delivery is repeated, or waits until the pause ends', async () => {
  const faults = { ...noFaults(), duplicate: 1, paused: true }
  const { endpoint, saw } = await start(
    `app.http('ingest', { handler: (_, context) => { context.log('saw', '1'); return { body: 'ok' } } })`,
    { faults },
  )
  const response = fetch(`${endpoint}/api/ingest`)
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(saw()).toEqual([])
  faults.paused = false
  expect(await (await response).text()).toBe('ok')
  await eventually(() => expect(saw()).toEqual([1, 1]))
})
