/** How often a change feed is looked into, ms: a change waits for two polls on its way. Also what `tributary cost` counts with. */
import type { Tier } from '../../shared/declare/sync-plan.ts'

/** Every poll that finds nothing costs a request unit or two. */
export const feedPollMs: Readonly<Record<Tier, number>> = { 1: 250, 2: 2_000, 3: 15_000 }
