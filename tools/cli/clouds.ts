/** The sites that a command works on: the local clouds that are up, or the deployed ones in their accounts. */
import { type SyncPlan, type TypePlan, typeOf } from '../../shared/declare/sync-plan.ts'
import type { StoreWriter } from '../load/store-writer.ts'
import type { LocalState } from '../local/local-folder.ts'
import type { TriggerReport } from '../local/local-site.ts'
import type { StoreRequest } from '../stores/store-protocol.ts'

/** What the user asked for cannot be done; `message` says why and what to do. Ends the command with code 1. */
export class CommandFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CommandFailed'
  }
}

export interface SiteStatus {
  /** The hash of the declaration that the site runs; undefined: it does not tell. */
  readonly plan: string | undefined
  readonly deadLetters: number
  /** By the site's clock, ms since 1970. */
  readonly nowMs: number
  /** By how many ms the site's clock is ahead of this machine's; below 0: behind. Undefined: it does not tell. */
  readonly aheadMs: number | undefined
  /** Of the local clouds. What happens in an account its own logs and alarms tell. */
  readonly triggers: readonly TriggerReport[]
}

export interface Clouds {
  readonly plan: SyncPlan
  readonly place: 'local' | 'accounts'
  /** Of the local clouds. */
  readonly state?: Pick<LocalState, 'timing' | 'cut'>
  ask(site: string, request: StoreRequest): Promise<unknown>
  statusOf(site: string): Promise<SiteStatus>
  /** By how many ms the site's clock is ahead of this machine's; below 0: behind. Undefined: it does not tell. */
  aheadMsOf(site: string): Promise<number | undefined>
  /** Writes into the site's own table of a data type, with its cloud's client, as an application does. */
  openWriter(site: string, type: TypePlan): Promise<StoreWriter>
  close(): Promise<void>
}

/** Throws `CommandFailed` naming the sites there are. */
export function requireSite({ plan }: Pick<Clouds, 'plan'>, site: string): void {
  if (plan.sites.some(({ id }) => id === site)) return
  throw new CommandFailed(`no site '${site}'; the plan has ${plan.sites.map(({ id }) => id).join(', ')}`)
}

/** Throws `CommandFailed` naming the data types there are. */
export function requireType({ plan }: Pick<Clouds, 'plan'>, name: string): TypePlan {
  const type = typeOf(plan, name)
  if (type) return type
  throw new CommandFailed(`no data type '${name}'; the plan has ${plan.types.map(known => known.name).join(', ')}`)
}
