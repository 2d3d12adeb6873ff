/**
 * Runs one suite against one server: creates, asks row by row, removes. It removes whatever happens between: a row that
 * fails or never ends, a service that refuses, an interruption. What is created is written down before the service is
 * asked for it. An interruption lets the present row end first: a call that is cut off might still create something.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Environment } from '../../tools/local/replaced-endpoints.ts'
import { NotAsked, type OpenSuite, type Row, type Suite } from './behaviour.ts'
import { clientVersions } from './client-versions.ts'
import { differenceOf } from './known-differences.ts'
import type { RowResult, ServerDescription, SuiteResult } from './report.ts'

const rowMsMax = 90_000
const removeMsMax = 60_000

/** A server that is ready to be asked. */
export interface ServerUnderTest {
  readonly description: ServerDescription
  readonly environment: Environment
  /** Servers of ours only. */
  readonly throttle?: (on: boolean) => void
}

export interface RunOptions {
  readonly prefix: string
  readonly signal: AbortSignal
  readonly onProgress: (text: string) => void
}

interface Removal {
  readonly what: string
  remove(): Promise<void>
}

export async function runSuite(suite: Suite, server: ServerUnderTest, options: RunOptions): Promise<SuiteResult> {
  const { signal, onProgress, prefix } = options
  const removals: Removal[] = []
  const { environment, throttle, description } = server
  const rows: RowResult[] = []
  let open: OpenSuite | undefined
  try {
    open = await suite.open({
      environment,
      // Of this suite alone: others run at the same time in the same account.
      prefix: `${prefix}-${suite.service}`,
      created: (what, remove) => removals.push({ what, remove }),
      ...(throttle ? { throttle } : {}),
    })
  } catch (error) {
    rows.push(...suite.rows.map(row => whenNotOpened(row, error)))
  }
  for (const row of open ? suite.rows : []) {
    const result = await runRow(row, open, description.name, signal)
    rows.push(result)
    onProgress(`${suite.service}: ${result.outcome}: ${row.name}${result.cause ? `: ${result.cause}` : ''}`)
  }
  const left = await removeAll(removals)
  onProgress(`${suite.service}: removed ${removals.length - left.length} of ${removals.length} that were created`)
  await open?.close()
  return { service: suite.service, server: description, clients: clientVersions(suite.clients), rows, left }
}

async function runRow(row: Row, open: OpenSuite | undefined, server: string, signal: AbortSignal): Promise<RowResult> {
  const startedAt = performance.now()
  const found = await outcomeOf(row, open, signal)
  const difference = differenceOf(server, row.name)
  const { name, expected, why } = row
  return {
    name,
    expected,
    why,
    ms: Math.round(performance.now() - startedAt),
    ...(difference === undefined ? found : asKnown(found, difference)),
  }
}

type Found = Pick<RowResult, 'outcome' | 'cause'>

async function outcomeOf({ name }: Row, open: OpenSuite | undefined, signal: AbortSignal): Promise<Found> {
  if (signal.aborted) return { outcome: 'not asked', cause: 'interrupted' }
  const run = open?.runs.get(name)
  if (!run) throw new Error(`the suite has no behaviour "${name}"`)
  const late = new AbortController()
  const tooLong = sleep(rowMsMax, undefined, { signal: late.signal, ref: false }).then(
    () => Promise.reject(new Error(`no answer within ${rowMsMax / 1000} s`)),
    () => undefined,
  )
  try {
    await Promise.race([run(), tooLong])
    return { outcome: 'passed' }
  } catch (error) {
    return { outcome: error instanceof NotAsked ? 'not asked' : 'failed', cause: causeOf(error) }
  } finally {
    late.abort()
  }
}

/** A difference that is no longer there must go from the list: a silent one would hide the next. */
function asKnown({ outcome, cause }: Found, difference: string): Found {
  if (outcome === 'failed') return { outcome: 'differs', cause: `${difference} (${cause ?? 'no cause'})` }
  if (outcome === 'passed')
    return { outcome: 'failed', cause: `passes now; remove from known differences: ${difference}` }
  return { outcome, ...(cause === undefined ? {} : { cause }) }
}

function whenNotOpened({ name, expected, why }: Row, error: unknown): RowResult {
  return { name, expected, why, ms: 0, outcome: 'failed', cause: `could not be prepared: ${causeOf(error)}` }
}

async function removeAll(removals: readonly Removal[]): Promise<readonly string[]> {
  const left: string[] = []
  for (const { what, remove } of removals.toReversed()) {
    const late = new AbortController()
    const tooLong = sleep(removeMsMax, undefined, { signal: late.signal }).then(
      () => Promise.reject(new Error(`not removed within ${removeMsMax / 1000} s`)),
      () => undefined,
    )
    try {
      await Promise.race([remove(), tooLong])
    } catch (error) {
      left.push(`${what} (${causeOf(error)})`)
    } finally {
      late.abort()
    }
  }
  return left
}

function causeOf(error: unknown): string {
  const text = error instanceof Error ? `${error.message || error.name}` : String(error)
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 400)
}
