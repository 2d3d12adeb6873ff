/** What steers a site is read again every few seconds by whoever goes by it, and kept while its store is away. */
import { type Clock, StoreUnavailable } from '../ports/index.ts'

/** How long an instance goes by what it has read: a change of the settings takes effect within this time. */
export const settingsCacheMs = 2_000

/** The settings as they were at most so long ago. Rejects with `StoreUnavailable` where nothing was read yet. */
export function keepReading<Settings>(clock: Clock, read: () => Promise<Settings>): () => Promise<Settings> {
  let known: { readonly settings: Settings; readonly atMs: number } | undefined
  return async () => {
    const nowMs = clock.now()
    if (known && nowMs < known.atMs + settingsCacheMs) return known.settings
    try {
      known = { settings: await read(), atMs: nowMs }
    } catch (error) {
      if (!known || !(error instanceof StoreUnavailable)) throw error
    }
    return known.settings
  }
}
