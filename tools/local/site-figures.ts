/** What the host process of a site costs: how long it took to start, and the memory of it and its functions. */
import type { LocalFunction } from './local-site.ts'
import { type WorkerFigures, workerFigures } from './runtime/function-worker.ts'

export interface SiteFigures {
  /** From the start of the process until the site was ready. */
  readonly readyMs: number
  /** Of the process with its emulators and all its workers, in memory. What it started as processes of their own is not in it. */
  readonly rssBytes: number
  readonly workers: readonly WorkerFigures[]
  /** Names by which `invoke` and `kill` know them. */
  readonly functions: readonly string[]
}

let readyMs = Number.NaN

/** Once, when everything has been started. */
export function siteIsReady(): void {
  readyMs = process.uptime() * 1000
}

export async function siteFigures(functions: readonly LocalFunction[], collected: boolean): Promise<SiteFigures> {
  const rssBytes = process.memoryUsage.rss()
  const workers = await workerFigures(collected)
  return { readyMs, rssBytes, workers, functions: functions.map(({ name }) => name) }
}
