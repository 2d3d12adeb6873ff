/**
 * The module `@azure/functions-core`: the half of the Functions API that no package contains, because in the cloud
 * the Node worker supplies it when `@azure/functions` asks for it. functions-runtime.ts does so here.
 *
 * The exports and their behaviour follow azure-functions-nodejs-worker (`types-core/index.d.ts`).
 */
import { writeLog } from './function-log.ts'
import {
  type FunctionCallback,
  functionRegistry,
  type HookCallback,
  type HookName,
  type ProgrammingModel,
  type RegisteredFunction,
} from './function-registry.ts'

/** Versions of the worker and host whose behaviour is imitated; the library checks that they are recent. */
export const version = '3.13.0'
export const workerVersion = version
export const hostVersion = '4.1041.0'

export class Disposable {
  readonly #dispose: () => void

  constructor(dispose: () => void) {
    this.#dispose = dispose
  }

  dispose(): void {
    this.#dispose()
  }
}

export function registerFunction(metadata: RegisteredFunction['metadata'], callback: FunctionCallback): Disposable {
  const { functions } = functionRegistry
  if (functions.has(metadata.name)) throw new Error(`a function named ${metadata.name} is already registered`)
  functions.set(metadata.name, { metadata, callback })
  return new Disposable(() => functions.delete(metadata.name))
}

export function registerHook(name: string, callback: HookCallback): Disposable {
  if (!isHookName(name)) throw new RangeError(`unrecognized hook: ${name}`)
  const hooks = functionRegistry.hooks[name]
  hooks.push(callback)
  return new Disposable(() => hooks.splice(hooks.indexOf(callback), 1))
}

function isHookName(name: string): name is HookName {
  return Object.hasOwn(functionRegistry.hooks, name)
}

export function setProgrammingModel(model: ProgrammingModel): void {
  functionRegistry.programmingModel = model
}

export function getProgrammingModel(): ProgrammingModel | undefined {
  return functionRegistry.programmingModel
}

/** What the library itself has to say, outside of any invocation. */
export function log(level: string, category: string, message: string): void {
  writeLog({ level, category, message })
}
