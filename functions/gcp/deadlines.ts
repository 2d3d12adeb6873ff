/**
 * How long may a call of Google Cloud take? Seconds: a function waits for it, and its trigger comes back anyway.
 *
 * The official clients wait an outage out, for up to ten minutes. That is not only slow. A commit that lands after its
 * caller has given up is one that nobody looks behind: meanwhile the trigger came again, and may have found all equal.
 * So what limits a commit is the deadline of the call itself, which the server knows too, never a timer beside it.
 */
import { StoreUnavailable } from '../../shared/ports/index.ts'

/** All attempts of one call together. */
const callTimeoutMs = 4000

/** Statuses after which the same call may succeed at once. */
const transient = ['UNAVAILABLE', 'RESOURCE_EXHAUSTED']

/**
 * The `clientConfig` of a client: these methods of a service make a few attempts within `callTimeoutMs`.
 * (https://github.com/googleapis/google-cloud-node-core/blob/main/packages/gax/client-libraries.md)
 */
export function briefCalls(service: string, methods: readonly string[]) {
  const brief = { timeout_millis: callTimeoutMs, retry_codes_name: 'transient', retry_params_name: 'brief' }
  return {
    interfaces: {
      [service]: {
        retry_codes: { transient },
        retry_params: {
          brief: {
            initial_retry_delay_millis: 100,
            retry_delay_multiplier: 4,
            max_retry_delay_millis: 1000,
            initial_rpc_timeout_millis: callTimeoutMs,
            rpc_timeout_multiplier: 1,
            max_rpc_timeout_millis: callTimeoutMs,
            total_timeout_millis: callTimeoutMs,
          },
        },
        methods: Object.fromEntries(methods.map(method => [method, brief])),
      },
    },
  }
}

/** For a call that may go on unheard: a read, or a write that repeats without effect. */
export async function withinTimeout<Result>(call: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new StoreUnavailable(`no answer within ${callTimeoutMs} ms`)), callTimeoutMs)
  try {
    return await Promise.race([call, late])
  } finally {
    clearTimeout(timer)
  }
}
