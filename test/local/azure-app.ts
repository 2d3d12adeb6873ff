/** A function app from a few lines of source: bundled as it deploys, run by the local host, its log at hand. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { vi } from 'vitest'
import { createFunctionApp, type FunctionApp } from '../../tools/local/azure/functions-host.ts'

export interface AppUnderTest {
  readonly app: FunctionApp
  /** Every line of the functions and of the triggers. */
  readonly lines: string[]
  readonly onLog: (line: string) => void
  /** What the source wrote with `context.log('saw', JSON.stringify(value))`, in order. */
  saw(): unknown[]
  remove(): Promise<void>
}

export async function bundleApp(
  source: string,
  { environment = {}, hostJson = {} }: { environment?: Record<string, string>; hostJson?: unknown } = {},
): Promise<AppUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'azure-app-'))
  const bundle = join(folder, 'app.cjs')
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@azure/functions-core'],
    logLevel: 'error',
  })
  const lines: string[] = []
  const onLog = (line: string) => void lines.push(line)
  const app = createFunctionApp({ name: 'app', bundle, environment, hostJson, onLog })
  const saw = () => lines.flatMap(line => (line.includes('saw ') ? [JSON.parse(line.split('saw ')[1] ?? '')] : []))
  const remove = async () => {
    await app.stop()
    await rm(folder, { recursive: true })
  }
  return { app, lines, onLog, saw, remove }
}

/** Waits until `check` no longer throws: what runs in other threads takes its time on a busy machine. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { timeout: 15_000, interval: 10 })
}
