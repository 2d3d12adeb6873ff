/**
 * What the errors of the Cosmos client mean to the flows. Only 400 and 413 can be a document's fault; whatever else the
 * service says (throttled, forbidden, moving, internal) or cannot say (no connection, no answer in time) is the
 * store's: the change waits and must not become a dead letter.
 *
 * Source: https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb
 */
import { StoreUnavailable, ValueRefused } from '../../shared/ports/index.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'

const faultStatuses: ReadonlySet<unknown> = new Set([400, 413])
const raceStatuses: ReadonlySet<unknown> = new Set([404, 409, 412])

/** Of a 404: not the item is missing but its container or database. */
export const ownerMissing = 1003

/** One operation of a batch failed, and with it the batch. */
export class OperationFailed extends Error {
  /** The operation's HTTP status. */
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.name = 'OperationFailed'
    this.code = code
  }
}

/** Of a commit: something is gone, is there already, or is another version. Nothing was written. */
export function isRace(thrown: unknown): boolean {
  const { code, substatus } = answerIn(thrown)
  return raceStatuses.has(code) && substatus !== ownerMissing
}

/** What to throw instead of `thrown`. `ref`: the record whose item was to be read or written, if any. */
export function storeFailure(thrown: unknown, ref?: RecordRef): unknown {
  const { error, code, message } = answerIn(thrown)
  if (ref && faultStatuses.has(code)) return new ValueRefused(ref, [], `Cosmos refuses it with ${code}: ${message}`)
  if (code === undefined && !unreachableNames.has(error.name)) return thrown
  // Node's own mistakes have a code too.
  if (typeof code === 'string' && code.startsWith('ERR_')) return thrown
  return new StoreUnavailable(`Cosmos: ${code ?? error.name}: ${message}`, thrown)
}

/** The client reads every answer as JSON, also the page of a gateway in between. */
const unreachableNames: ReadonlySet<string> = new Set(['AbortError', 'TimeoutError', 'SyntaxError'])

/** `code`: a number from the service; a text, such as ECONNREFUSED, from the network. */
function answerIn(thrown: unknown) {
  const error = unwrapped(thrown)
  const code = 'code' in error ? error.code : undefined
  const substatus = 'substatus' in error ? error.substatus : undefined
  return { error, code, substatus, message: error.message }
}

/** `items.batch` hides what happened in the cause of an error of its own. */
function unwrapped(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown))
  return !('code' in thrown) && thrown.cause instanceof Error ? thrown.cause : thrown
}
