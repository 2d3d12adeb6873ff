/**
 * How long the host waits before it runs a failed invocation again, ms. The exponential backoff doubles from the
 * minimum to the maximum, with up to a fifth of randomness, as in the WebJobs SDK.
 */
import type { RetryPolicy } from './function-metadata.ts'

/** `retryCount` is 1 before the first retry. */
export function retryDelayMs(policy: RetryPolicy, retryCount: number): number {
  if (policy.strategy === 'fixedDelay') return policy.delayMs
  const jitter = 0.8 + Math.random() * 0.4
  const grown = policy.minimumMs + policy.minimumMs * (2 ** (retryCount - 1) - 1) * jitter
  return Math.min(grown, policy.maximumMs)
}
