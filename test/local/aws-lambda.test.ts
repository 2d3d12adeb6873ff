import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { lambdaFrom, until } from './aws-harness.ts'

describe('a Lambda function', () => {
  it('gets the context and the environment that Lambda gives, and nothing of the host', async () => {
    process.env.SECRET_OF_THE_HOST = 'leaked'
    const lambda = await lambdaFrom(
      `exports.handler = async (event, context) => ({
        event,
        context: { ...context, remaining: context.getRemainingTimeInMillis() },
        environment: process.env,
      })`,
      { name: 'capture', environment: { AWS_REGION: 'eu-west-1', TABLE: 'carts' }, timeoutMs: 3_000 },
    )

    const { event, context, environment } = Object(await lambda.invoke({ key: 'a', at: new Date(0), gone: undefined }))

    expect(event).toEqual({ key: 'a', at: '1970-01-01T00:00:00.000Z' })
    expect(context).toMatchObject({
      functionName: 'capture',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:000000000000:function:capture',
      logGroupName: '/aws/lambda/capture',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(context.remaining).toBeGreaterThan(2_000)
    expect(context.remaining).toBeLessThanOrEqual(3_000)
    expect(environment).toMatchObject({ TABLE: 'carts', AWS_REGION: 'eu-west-1', AWS_LAMBDA_FUNCTION_NAME: 'capture' })
    expect(environment).not.toHaveProperty('SECRET_OF_THE_HOST')
    delete process.env.SECRET_OF_THE_HOST
  })

  it('fails with the name and message of the handler’s own error', async () => {
    const lambda = await lambdaFrom(`exports.handler = async () => { throw new TypeError('no such record') }`)
    await expect(lambda.invoke({})).rejects.toMatchObject({ name: 'TypeError', message: 'no such record' })
  })

  it('is killed when it takes too long, even in an endless loop, and answers again afterwards', async () => {
    const lambda = await lambdaFrom(
      `let events = 0
       exports.handler = async ({ loop }) => { events++; while (loop) {} return events }`,
      { timeoutMs: 300 },
    )
    await lambda.warm()
    const startedAt = Date.now()
    await expect(lambda.invoke({ loop: true })).rejects.toMatchObject({ name: 'FunctionTimedOut' })
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290)
    expect(await lambda.invoke({ loop: false })).toBe(1)
  })

  it('handles one event at a time per instance, and as many as there are instances', async () => {
    const source = `let now = 0, most = 0
      exports.handler = async () => {
        most = Math.max(most, ++now)
        await new Promise(resolve => setTimeout(resolve, 100))
        now--
        return { most, instance: require('node:worker_threads').threadId }
      }`
    const one = await lambdaFrom(source)
    const two = await lambdaFrom(source, { instances: 2 })

    const ofOne = (await Promise.all([1, 2, 3, 4].map(event => one.invoke(event)))).map(Object)
    const ofTwo = (await Promise.all([1, 2, 3, 4].map(event => two.invoke(event)))).map(Object)

    expect(ofOne.map(({ most }) => most)).toEqual([1, 1, 1, 1])
    expect(new Set(ofOne.map(({ instance }) => instance)).size).toBe(1)
    expect(ofTwo.map(({ most }) => most)).toEqual([1, 1, 1, 1])
    expect(new Set(ofTwo.map(({ instance }) => instance)).size).toBe(2)
  })

  it('loses its state and the event under way when it is killed, and takes the next event', async () => {
    const lambda = await lambdaFrom(
      `let events = 0
       exports.handler = async ({ waitMs = 0 }) => {
         events++
         await new Promise(resolve => setTimeout(resolve, waitMs))
         return events
       }`,
    )
    expect(await lambda.invoke({})).toBe(1)
    const underWay = lambda.invoke({ waitMs: 60_000 })
    const failed = expect(underWay).rejects.toMatchObject({ name: 'WorkerEnded' })
    await sleep(50)
    await lambda.kill()
    await failed
    expect(await lambda.invoke({})).toBe(1)
  })

  it('fails events that wait for an instance when it is stopped', async () => {
    const lambda = await lambdaFrom(`exports.handler = () => new Promise(() => setInterval(() => {}, 1000))`)
    const results = Promise.allSettled([lambda.invoke(1), lambda.invoke(2)])
    await sleep(50)
    await lambda.stop()
    expect(await results).toMatchObject([
      { status: 'rejected', reason: { name: 'WorkerEnded' } },
      { status: 'rejected', reason: { name: 'WorkerEnded' } },
    ])
  })

  it.each([
    ['exports no handler', 'exports.other = async () => 1', /not exported/],
    ['throws while it loads', `throw new Error('no configuration')`, /no configuration/],
    ['takes a callback, which nodejs24.x refuses', 'exports.handler = (event, context, callback) => 1', /callback/],
  ])('fails when its bundle %s', async (_, source, message) => {
    const lambda = await lambdaFrom(source)
    await expect(lambda.invoke({})).rejects.toThrow(message)
  })

  it('neither takes nor returns more than 6 MB', async () => {
    const lambda = await lambdaFrom(`exports.handler = async ({ length }) => 'x'.repeat(length)`)
    const limit = 6 * 1024 * 1024
    await expect(lambda.invoke('x'.repeat(limit))).rejects.toMatchObject({ name: 'PayloadTooLarge' })
    await expect(lambda.invoke({ length: limit })).rejects.toMatchObject({ name: 'Function.ResponseSizeTooLarge' })
    expect(await lambda.invoke({ length: limit - 2 })).toHaveLength(limit - 2)
  })

  it('hands over every line that the function writes', async () => {
    const lines: string[] = []
    const lambda = await lambdaFrom(
      `exports.handler = async () => { console.log('one\\ntwo'); console.error('three') }`,
      { onLog: line => lines.push(line) },
    )
    await lambda.invoke({})
    await until(() => lines.length === 3)
    expect(lines.toSorted()).toEqual(['one', 'three', 'two'])
  })
})
