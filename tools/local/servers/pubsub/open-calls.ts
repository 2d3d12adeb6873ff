/**
 * Calls that are being answered over time (streams, waiting pulls), and the outage that ends them on request.
 *
 * The cloud is sometimes unavailable, or over quota, for seconds or minutes. A laptop's Pub/Sub never is, so tests ask
 * for it: while a refusal is set every call is answered with it.
 */
import { status } from '@grpc/grpc-js'
import { RpcError } from './rpc-error.ts'

export type RefusalStatus = 'UNAVAILABLE' | 'RESOURCE_EXHAUSTED'

const REFUSALS: Readonly<Record<RefusalStatus, RpcError>> = {
  UNAVAILABLE: new RpcError(status.UNAVAILABLE, 'The service was unable to fulfill your request. Please try again.'),
  RESOURCE_EXHAUSTED: new RpcError(status.RESOURCE_EXHAUSTED, 'Quota exceeded for quota metric of the Pub/Sub API.'),
}

export class OpenCalls {
  #refusal: RpcError | undefined
  readonly #open = new Set<(reason: RpcError) => void>()

  /** From now on every call ends with this status; undefined lets calls in again. */
  refuse(refusal: RefusalStatus | undefined): void {
    this.#refusal = refusal && REFUSALS[refusal]
    if (this.#refusal) for (const end of [...this.#open]) end(this.#refusal)
  }

  /** Throws the refusal that is set. */
  enter(): void {
    if (this.#refusal) throw this.#refusal
  }

  /** Registers a call that stays open; `end` is called if a refusal ends it. Answers how to leave. */
  track(end: (reason: RpcError) => void): () => void {
    this.#open.add(end)
    return () => this.#open.delete(end)
  }
}
