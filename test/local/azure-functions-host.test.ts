import { afterEach, expect, test } from 'vitest'
import { WorkerEnded } from '../../tools/local/runtime/function-worker.ts'
import { type AppUnderTest, bundleApp, eventually } from './azure-app.ts'

let running: AppUnderTest | undefined

afterEach(async () => {
  await running?.remove()
  running = undefined
})

async function start(source: string, options?: Parameters<typeof bundleApp>[1]): Promise<AppUnderTest> {
  running = await bundleApp(source, options)
  return running
}

const failureOf = (name: string, message: string) => ({
  succeeded: false,
  error: expect.objectContaining({ name, message }),
})

test('every kind of trigger is reported with what it declares, settings replaced', async () => {
  const { app } = await start(
    `import { app, output } from '@azure/functions'
     const handler = async () => undefined
     app.cosmosDB('capture', { connection: 'COSMOS', databaseName: 'shop', containerName: 'carts', leaseContainerPrefix: 'c',
       changeFeedMode: 'AllVersionsAndDeletes', handler,
       retry: { strategy: 'exponentialBackoff', maxRetryCount: -1, minimumInterval: { seconds: 2 }, maximumInterval: { minutes: 1 } } })
     app.storageQueue('forward', { connection: 'STORAGE', queueName: '%QUEUE%', handler,
       return: output.storageQueue({ connection: 'STORAGE', queueName: 'done' }) })
     app.http('ingest', { route: 'v1/ingest', methods: ['POST'], handler })
     app.timer('reconcile', { schedule: '0 */5 * * * *', handler })
     app.storageBlob('objects', { path: 'in/{name}', connection: 'STORAGE', handler })
     app.eventGrid('events', { handler })`,
    { environment: { QUEUE: 'to-aws' } },
  )
  const functions = await app.functions()

  expect(functions.map(fn => [fn.name, fn.trigger.type])).toEqual([
    ['capture', 'cosmosDBTrigger'],
    ['forward', 'queueTrigger'],
    ['ingest', 'httpTrigger'],
    ['reconcile', 'timerTrigger'],
    ['objects', 'blobTrigger'],
    ['events', 'eventGridTrigger'],
  ])
  const [capture, forward, ingest] = functions
  expect(capture?.trigger.settings).toMatchObject({ containerName: 'carts', changeFeedMode: 'AllVersionsAndDeletes' })
  expect(capture?.retry).toEqual({
    strategy: 'exponentialBackoff',
    maxRetryCount: -1,
    minimumMs: 2000,
    maximumMs: 60_000,
  })
  expect(forward?.trigger.settings).toMatchObject({ queueName: 'to-aws' })
  expect(forward?.outputs).toMatchObject([{ name: '$return', type: 'queue', settings: { queueName: 'done' } }])
  expect(ingest?.trigger.settings).toMatchObject({ route: 'v1/ingest', methods: ['POST'] })
})

test('a function gets its event, metadata, retry context and app settings, and nothing else of the host', async () => {
  const { app } = await start(
    `import { app } from '@azure/functions'
     app.storageQueue('forward', { connection: 'STORAGE', queueName: 'q', handler: (message, context) => ({
       message, metadata: context.triggerMetadata, retry: context.retryContext, environment: { ...process.env } }) })`,
    { environment: { SITE: 'azure-eastus' } },
  )
  const result = await app.invoke('forward', {
    data: { string: '{"order":7}' },
    triggerMetadata: { DequeueCount: { int: 2 } },
    retryContext: { retryCount: 1, maxRetryCount: 3 },
  })
  expect(
    result.succeeded && result.returnValue && 'json' in result.returnValue && JSON.parse(result.returnValue.json),
  ).toEqual({
    message: { order: 7 },
    metadata: { dequeueCount: 2 },
    retry: { retryCount: 1, maxRetryCount: 3 },
    environment: { SITE: 'azure-eastus' },
  })
})

test('hooks run around the start, the invocation and the end, and may change inputs and result', async () => {
  const { app, saw } = await start(
    `import { app } from '@azure/functions'
     const saw = what => console.log('saw ' + JSON.stringify(what))
     app.hook.appStart(() => saw('appStart'))
     app.hook.preInvocation(hook => { saw('before'); hook.inputs = [hook.inputs[0] + '!'] })
     app.hook.postInvocation(hook => { saw('after'); hook.result = { changed: hook.result } })
     app.hook.appTerminate(() => saw('appTerminate'))
     app.storageQueue('echo', { connection: 'S', queueName: 'q', handler: message => { saw('invoked'); return message } })`,
  )
  const result = await app.invoke('echo', { data: { string: 'hello' } })
  expect(result).toEqual({ succeeded: true, returnValue: { json: '{"changed":"hello!"}' }, outputs: {} })
  await app.stop()
  await eventually(() => expect(saw()).toEqual(['appStart', 'before', 'invoked', 'after', 'appTerminate']))
})

test('what a function sets for its outputs comes back by binding name', async () => {
  const { app } = await start(
    `import { app, output } from '@azure/functions'
     const copy = output.storageQueue({ name: 'copy', connection: 'S', queueName: 'copies' })
     app.eventGrid('events', { extraOutputs: [copy], handler: (event, context) => context.extraOutputs.set(copy, [event.id, 'x']) })`,
  )
  const result = await app.invoke('events', { data: { json: '{"id":"e1"}' } })
  expect(result).toMatchObject({ succeeded: true, outputs: { copy: { json: '["e1","x"]' } } })
})

test('failing, crashing and unknown functions are results; a killed instance is WorkerEnded and is replaced', async () => {
  const { app } = await start(
    `import { app } from '@azure/functions'
     const on = (name, handler) => app.storageQueue(name, { connection: 'S', queueName: 'q', handler })
     on('fails', () => { throw new TypeError('no') })
     on('crashes', () => new Promise(() => setTimeout(() => { throw new Error('out of band') }, 1)))
     on('hangs', () => new Promise(() => undefined))
     on('works', () => 'fine')`,
  )
  const event = { data: { string: '' } }
  expect(await app.invoke('fails', event)).toEqual(failureOf('TypeError', 'no'))
  expect(await app.invoke('crashes', event)).toEqual(failureOf('Error', 'out of band'))
  expect(await app.invoke('missing', event)).toMatchObject({ succeeded: false })

  await app.warm()
  const hanging = app.invoke('hangs', event)
  const ended = expect(hanging).rejects.toBeInstanceOf(WorkerEnded)
  await new Promise(resolve => setTimeout(resolve, 50))
  await app.kill()
  await ended
  expect(await app.invoke('works', event)).toMatchObject({ succeeded: true, returnValue: { string: 'fine' } })
})

test('a bundle that cannot run here is refused at the start, with the reason', async () => {
  const declared = await start(
    `import { app, input } from '@azure/functions'
     app.timer('tick', { schedule: '* * * * * *', handler: () => undefined,
       extraInputs: [input.storageBlob({ path: 'a/b', connection: 'S' })] })`,
  )
  await expect(declared.app.functions()).rejects.toThrow('does not supply: in blob')
  await declared.remove()

  const empty = await start('export const nothing = 1')
  await expect(empty.app.functions()).rejects.toThrow('did not load @azure/functions')
})
