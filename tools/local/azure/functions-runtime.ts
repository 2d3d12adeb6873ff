/**
 * Runs inside a FunctionWorker: loads the bundle of a function app as it deploys, and answers the host.
 *
 * The bundle holds the real `@azure/functions`, which asks for the module `@azure/functions-core`; a resolve hook
 * gives it functions-core.ts. Invocations follow the order of azure-functions-nodejs-worker (`InvocationHandler.ts`):
 * arguments, preInvocation hooks, the function, postInvocation hooks, response.
 */
import { randomUUID } from 'node:crypto'
import { createRequire, registerHooks } from 'node:module'
import { workerData } from 'node:worker_threads'
import { z } from 'zod'
import { serveInvocations } from '../runtime/serve-invocations.ts'
import { writeLog } from './function-log.ts'
import { hostMessageSchema, type InvocationResult, invocationResultSchema } from './function-protocol.ts'
import {
  type CoreInvocationContext,
  functionRegistry,
  type InvocationModel,
  type ProgrammingModel,
  type RegisteredFunction,
  runHooks,
} from './function-registry.ts'
import { typedDataSchema } from './typed-data.ts'

const { bundle } = z.object({ bundle: z.string() }).parse(workerData)

/** Data that hooks of one app share, from its start to its end. */
const appHookData = {}

/** What the Node worker tells the library about itself; the host then sends HTTP bodies as bytes. */
const workerCapabilities = { RpcHttpBodyOnly: 'true', UseNullableValueDictionaryForHttp: 'true' }

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@azure/functions-core'
      ? { url: new URL('./functions-core.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
})

const programmingModel = await loadBundle()
serveInvocations(answer)

async function loadBundle(): Promise<ProgrammingModel> {
  createRequire(import.meta.url)(bundle)
  const model = functionRegistry.programmingModel
  if (!model) {
    throw new Error(`${bundle} did not load @azure/functions v4: keep @azure/functions-core external to the bundle`)
  }
  await runHooks('appStart', { hookData: {}, appHookData })
  const capabilities = await model.getCapabilities({ ...workerCapabilities })
  if (capabilities.HttpUri) throw new Error('the local host has no HTTP streaming: leave enableHttpStream off')
  return model
}

async function answer(payload: unknown): Promise<unknown> {
  const message = hostMessageSchema.parse(payload)
  switch (message.kind) {
    case 'functions':
      // What was declared travels as JSON, here as in the cloud.
      return JSON.parse(JSON.stringify([...functionRegistry.functions.values()].map(({ metadata }) => metadata)))
    case 'terminate':
      await runHooks('appTerminate', { hookData: {}, appHookData })
      return writtenLog()
    case 'invoke': {
      const registered = functionRegistry.functions.get(message.functionName)
      if (!registered) throw new Error(`${bundle} registers no function ${message.functionName}`)
      return invoke(registered, message.event)
    }
  }
}

/** Resolves when the host has every line that was logged so far: ending a thread drops what it has not. */
function writtenLog(): Promise<void> {
  return new Promise(resolve => process.stdout.write('', () => resolve()))
}

type InvokeMessage = Extract<z.infer<typeof hostMessageSchema>, { kind: 'invoke' }>

async function invoke(registered: RegisteredFunction, event: InvokeMessage['event']): Promise<InvocationResult> {
  const coreContext = createCoreContext(registered, event)
  try {
    const model = programmingModel.getInvocationModel(coreContext)
    return await runInvocation(registered, coreContext, model)
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { succeeded: false, error: { name: error.name, message: error.message, stack: error.stack ?? '' } }
  }
}

async function runInvocation(
  { callback }: RegisteredFunction,
  coreContext: CoreInvocationContext,
  model: InvocationModel,
): Promise<InvocationResult> {
  const { context, inputs } = await model.getArguments()
  const shared = { hookData: {}, appHookData, invocationContext: context }

  const before = { ...shared, inputs, functionCallback: callback }
  coreContext.state = 'preInvocationHooks'
  await runHooks('preInvocation', before)

  const after: Record<'result' | 'error' | keyof typeof shared | 'inputs', unknown> = {
    ...shared,
    inputs: before.inputs,
    result: null,
    error: null,
  }
  coreContext.state = 'invocation'
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback)
  } catch (thrown) {
    after.error = thrown ?? new Error('the function threw nothing')
  }

  coreContext.state = 'postInvocationHooks'
  await runHooks('postInvocation', after)
  coreContext.state = undefined
  // A hook may have cleared the error, or put one.
  if (after.error !== null && after.error !== undefined) throw after.error
  return toInvocationResult(await model.getResponse(context, after.result))
}

function createCoreContext(
  { metadata }: RegisteredFunction,
  { data, triggerMetadata, retryContext }: InvokeMessage['event'],
): CoreInvocationContext {
  const invocationId = randomUUID()
  const trigger = Object.entries(metadata.bindings).find(([, { type }]) => /trigger$/i.test(type))
  if (!trigger) throw new Error(`function ${metadata.name} has no trigger`)
  return {
    invocationId,
    metadata,
    request: {
      invocationId,
      functionId: metadata.name,
      inputData: [{ name: trigger[0], data }],
      triggerMetadata,
      retryContext,
    },
    state: undefined,
    log: (level, category, message) => writeLog({ level, category, message: `${metadata.name}: ${message}` }),
  }
}

const responseSchema = z.object({
  returnValue: typedDataSchema.nullish(),
  outputData: z.array(z.object({ name: z.string(), data: typedDataSchema })).default([]),
})

function toInvocationResult(response: unknown): InvocationResult {
  const { returnValue, outputData } = responseSchema.parse(response)
  return invocationResultSchema.parse({
    succeeded: true,
    returnValue,
    outputs: Object.fromEntries(outputData.map(({ name, data }) => [name, data])),
  })
}
