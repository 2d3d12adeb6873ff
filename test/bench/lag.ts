/**
 * How long after a write do the other sites show it? The same harness for every system that has sites: it writes at a
 * fixed total rate, watches every site, and keeps the times.
 *
 * The load is open: the next write begins when its time has come, whether or not earlier ones are answered. A system
 * that stalls is thus measured through its stall (a closed loop would politely wait for it: "coordinated omission",
 * Gil Tene). Arrivals are a Poisson process from a seed, so that every system is given the very same ones. Every site
 * writes keys of its own, one write per key at a time: what is measured is the way, not the settling of conflicts.
 *
 * Writers and watchers share this process and its clock; there is no clock skew to correct.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../simulation/random.ts'
import { LagLedger, type LagSample } from './lag-ledger.ts'

export interface LagSite {
  readonly id: string
  /** Resolves once the site's own store has acknowledged the write. */
  write(key: string, value: number): Promise<void>
  /** Tells of every value that appears at this site from now on, own writes included. The answer ends the watching. */
  watch(onSeen: (key: string, value: number) => void): Promise<() => Promise<void>>
}

/** A system under measurement: sites that bring each other's writes along. */
export interface LagTarget {
  readonly name: string
  readonly sites: readonly LagSite[]
  close(): Promise<void>
}

export interface Load {
  /** Of all sites together. */
  readonly writesPerSecond: number
  readonly seconds: number
  readonly seed: number
}

/** A target that is being watched. */
export interface LagSession {
  readonly target: LagTarget
  readonly ledger: LagLedger
  /** Why the first write failed that did. */
  readonly firstFailure: () => unknown
  /** Writes at this rate for so long, then returns at once. */
  offer(load: Load): Promise<void>
  /** Waits until nothing is outstanding, for `patienceMs` at most. True if nothing is. */
  settle(patienceMs: number): Promise<boolean>
  /** Ends the watching, not the target. */
  close(): Promise<void>
}

export const now = () => performance.now()

export async function openLagSession(target: LagTarget, signal: AbortSignal): Promise<LagSession> {
  const ledger = new LagLedger(target.sites.map(({ id }) => id))
  const free = new Map(target.sites.map(({ id }) => [id, [] as string[]]))
  const endings: (() => Promise<void>)[] = []
  const end = async () => void (await Promise.all(endings.splice(0).map(ending => ending())))
  let keys = 0
  let value = 0
  let firstFailure: unknown

  try {
    for (const site of target.sites) {
      endings.push(await site.watch((key, seen) => ledger.seen(site.id, key, seen, now())))
    }
  } catch (error) {
    await end()
    throw error
  }

  function writeOne(site: LagSite): void {
    const freeKeys = free.get(site.id) ?? []
    const isWarm = freeKeys.length >= keysPerSite
    const key = (isWarm ? freeKeys.shift() : undefined) ?? `${site.id}-${++keys}`
    value += 1
    const written = ledger.started(site.id, key, value, now())
    site.write(key, value).then(
      () => {
        written.acknowledged(now())
        freeKeys.push(key)
      },
      (error: unknown) => {
        written.failed()
        firstFailure ??= error
      },
    )
  }

  return {
    target,
    ledger,
    firstFailure: () => firstFailure,
    close: end,
    async offer({ writesPerSecond, seconds, seed }) {
      const random = new Random(seed)
      const untilMs = now() + seconds * 1000
      let dueMs = now()
      while (dueMs < untilMs) {
        signal.throwIfAborted()
        const waitMs = dueMs - now()
        if (waitMs > 0) await sleep(waitMs)
        writeOne(random.pick(target.sites))
        dueMs += (-Math.log(1 - random.next()) * 1000) / writesPerSecond
      }
      // A target that refuses everything has no lag worth printing.
      if (ledger.failed > ledger.writes / 2) throw firstFailure
    },
    async settle(patienceMs) {
      const untilMs = now() + patienceMs
      while (ledger.outstanding > 0 && now() < untilMs) {
        signal.throwIfAborted()
        await sleep(20)
      }
      return ledger.outstanding === 0
    },
  }
}

/** Keys a site writes in turn. Most writes are thus updates, some seconds apart at the usual rates. */
const keysPerSite = 50

/** Measures one stretch of time. What is not visible 10 s after its end is missing. */
export async function measureLag(session: LagSession, load: Load): Promise<readonly LagSample[]> {
  const sinceMs = now()
  await session.offer(load)
  await session.settle(10_000)
  return session.ledger.samples(sinceMs)
}
