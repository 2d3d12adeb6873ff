/** How an Azure function proves who it is: by a connection string, or by the identity that the platform gives it. */
import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { accountFrom } from '../../functions/azure/account.ts'
import { createCosmosClient } from '../../functions/azure/cosmos-client.ts'
import { createQueueService } from '../../functions/azure/queue-client.ts'
import { EnvironmentInvalid } from '../../functions/common/environment.ts'
import { StoreUnavailable } from '../../shared/ports/index.ts'

const closings: (() => void)[] = []
afterEach(() => {
  for (const close of closings.splice(0)) close()
})

interface Asked {
  readonly query: Readonly<Record<string, string>>
  readonly header: string | undefined
}

/** The platform's own endpoint: only who knows the header is answered. */
async function identityEndpoint(answer: { readonly status: number; readonly body: string }) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://local')
    asked.push({ query: Object.fromEntries(searchParams), header: request.headers['x-identity-header']?.toString() })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closings.push(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no address')
  return { asked, url: `http://127.0.0.1:${address.port}/msi/token` }
}

const settings = {
  TRIBUTARY_COSMOS__accountEndpoint: 'https://shop.documents.azure.com:443/',
  TRIBUTARY_COSMOS__credential: 'managedidentity',
  TRIBUTARY_COSMOS__clientId: 'client',
}

async function credentialAt(endpoint: string) {
  const variables = { ...settings, IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: 'known to the app only' }
  const account = accountFrom(variables, 'TRIBUTARY_COSMOS', 'accountEndpoint')
  if (typeof account === 'string') throw new Error('a connection string')
  return account.credential
}

describe('an account', () => {
  it('is reached by its connection string where there is one, as on the local clouds', () => {
    const variables = { ...settings, TRIBUTARY_COSMOS: 'AccountEndpoint=http://127.0.0.1:1;AccountKey=a2V5;' }
    expect(accountFrom(variables, 'TRIBUTARY_COSMOS', 'accountEndpoint')).toBe(variables.TRIBUTARY_COSMOS)
  })

  it('is reached as the app’s own identity otherwise, by both clients', async () => {
    const credential = await credentialAt('http://127.0.0.1:9/msi/token')
    expect(() => createCosmosClient({ endpoint: 'https://shop.documents.azure.com/', credential })).not.toThrow()
    const queues = createQueueService({ endpoint: 'https://shop.queue.core.windows.net/', credential })
    expect(queues.getQueueClient('one').url).toBe('https://shop.queue.core.windows.net/one')
  })

  it.each([
    ['TRIBUTARY_COSMOS__accountEndpoint', { ...settings, TRIBUTARY_COSMOS__accountEndpoint: '' }],
    ['TRIBUTARY_COSMOS__clientId', { ...settings, TRIBUTARY_COSMOS__clientId: undefined }],
    ['IDENTITY_ENDPOINT', settings],
  ])('without %s the function says so by name', (name, variables) => {
    expect(() => accountFrom(variables, 'TRIBUTARY_COSMOS', 'accountEndpoint')).toThrow(
      new EnvironmentInvalid(name, 'is not set'),
    )
  })
})

describe('a token', () => {
  it('is asked for the one resource, of the one identity, with the header that proves the app', async () => {
    const { asked, url } = await identityEndpoint({
      status: 200,
      body: JSON.stringify({ access_token: 'token', expires_on: '1790000000', resource: 'x', token_type: 'Bearer' }),
    })
    const credential = await credentialAt(url)
    expect(await credential.getToken('https://shop.documents.azure.com/.default')).toEqual({
      token: 'token',
      expiresOnTimestamp: 1_790_000_000_000,
    })
    expect(asked).toEqual([
      {
        query: { 'api-version': '2019-08-01', resource: 'https://shop.documents.azure.com', client_id: 'client' },
        header: 'known to the app only',
      },
    ])
  })

  it.each([
    ['the endpoint refuses', 400, '{"message":"no such identity"}', 'no such identity'],
    ['the answer is none', 200, '{}', 'access_token'],
  ])('that is not to be had because %s is the store being away: changes wait', async (_, status, body, said) => {
    const { url } = await identityEndpoint({ status, body })
    const credential = await credentialAt(url)
    const failure = await credential.getToken('https://storage.azure.com/.default').then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(StoreUnavailable)
    expect(String(failure)).toContain(said)
  })
})
