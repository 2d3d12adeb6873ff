/**
 * What one bundle registered through `@azure/functions`: its functions, its hooks, and the programming model, which
 * knows how to turn the host's data into arguments and back. Lives inside the worker; one bundle, one registry.
 */
import type { TypedData } from './typed-data.ts'

export type FunctionCallback = (...inputs: unknown[]) => unknown

export interface RegisteredFunction {
  readonly metadata: { readonly name: string; readonly bindings: Readonly<Record<string, { readonly type: string }>> }
  readonly callback: FunctionCallback
}

/** The host's side of one invocation, in the library's words (`CoreInvocationContext`). */
export interface CoreInvocationContext {
  readonly invocationId: string
  readonly metadata: RegisteredFunction['metadata']
  readonly request: {
    readonly invocationId: string
    readonly functionId: string
    readonly inputData: readonly { readonly name: string; readonly data: TypedData }[]
    readonly triggerMetadata: Readonly<Record<string, TypedData>>
    readonly retryContext: { readonly retryCount: number; readonly maxRetryCount: number } | undefined
  }
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined
  log(level: string, category: string, message: string): void
}

/** What the library offers for one invocation, to be called in this order. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>
  getResponse(context: unknown, result: unknown): Promise<unknown>
}

export interface ProgrammingModel {
  getInvocationModel(context: CoreInvocationContext): InvocationModel
  getCapabilities(workerCapabilities: Record<string, string>): Promise<Record<string, string>>
}

export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log'
export type HookContext = Record<string, unknown>
export type HookCallback = (context: HookContext) => unknown

export const functionRegistry = {
  functions: new Map<string, RegisteredFunction>(),
  hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] } as Record<
    HookName,
    HookCallback[]
  >,
  programmingModel: undefined as ProgrammingModel | undefined,
}

/** Runs the hooks of one kind in the order of their registration; each may change the context for the next. */
export async function runHooks(name: HookName, context: HookContext): Promise<void> {
  for (const hook of functionRegistry.hooks[name]) await hook(context)
}
