/** What becomes of a message that forward was given. */
import type { Change } from './change.ts'
import { claimText } from './claim.ts'

/**
 * `again`: the trigger must deliver the change once more; nothing is wrong with it. `waits`: so it must, but that may take
 * days, and what lies behind it must not wait with it; `claim` is a message that will do as well as this one.
 */
export type Forwarded =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'again'; readonly reason: string }
  | { readonly outcome: 'waits'; readonly reason: string; readonly claim: string }

export const done: Forwarded = { outcome: 'done' }

export function again(reason: string): Forwarded {
  return { outcome: 'again', reason }
}

export function waits(change: Change, reason: string): Forwarded {
  return { outcome: 'waits', reason, claim: claimText(change) }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
