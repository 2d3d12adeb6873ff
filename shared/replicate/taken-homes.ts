/**
 * Which sites' part as a home has this site been told to take over? An operator says so, per data type, at the site that is
 * to decide from now on (see resolve/ruling.ts); each record follows when it is next touched here, or when `takeOver` comes
 * by. That two sites are told so at once does no harm: of two claims the higher one counts, record by record.
 */
import * as z from '../document/schema.ts'
import type { Clock, ControlStore } from '../ports/index.ts'
import type { TakingOver } from '../resolve/merge-type.ts'
import { keepReading } from './settings-cache.ts'

/** What they are kept under. */
export const homesName = 'homes'

/** By data type. */
export type HomesByType = Readonly<Record<string, TakingOver>>

export interface TakenHomes {
  /** Rejects with `StoreUnavailable` where nothing was read yet. */
  of(type: string): Promise<TakingOver | undefined>
}

const homes = z.record(z.string(), z.object({ homes: z.array(z.string()), turn: z.number().check(z.int()) }))

export function homesText(taken: HomesByType): string {
  return JSON.stringify(taken)
}

/** Throws for a text that `homesText` did not write. */
export function readHomes(text: string | undefined): HomesByType {
  return text === undefined ? {} : homes.parse(JSON.parse(text))
}

/** One for each instance. */
export function createTakenHomes({
  control,
  clock,
}: {
  readonly control: ControlStore
  readonly clock: Clock
}): TakenHomes {
  const taken = keepReading(clock, async () => readHomes(await control.read(homesName)))
  return { of: async type => (await taken())[type] }
}
