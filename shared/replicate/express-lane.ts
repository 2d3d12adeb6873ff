/**
 * The express lane of tier 1: what capture has just committed goes straight to the peers, past the two streams that
 * the durable path waits for.
 *
 * Best effort and nothing but: it is tried once and forgotten. The durable path runs all the same, and whichever
 * arrives second is a duplicate. So it may never hold up capture for long: a short timeout, and a peer that did not
 * answer is left alone for a while.
 */
import type { SiteId } from '../causality/dot.ts'
import { isExpress } from '../declare/sync-plan.ts'
import type { Clock, Peer } from '../ports/index.ts'
import { batchesOf } from './batches.ts'
import { type ChangeEvent, changeEventOf } from './change-event.ts'
import type { FlowControl } from './flow-control.ts'
import { heldUntilMs } from './flow-settings.ts'
import { dataTypeOf, type Here } from './here.ts'
import { deltaOf } from './make-change.ts'
import type { RecordRef } from './record-ref.ts'
import type { SyncRecord } from './sync-record.ts'

/** What takes longer, one answer or all of them, is not worth holding up the next capture for. */
export const expressTimeoutMs = 500

/** How long a peer that failed is left to the durable path. */
export const expressPauseMs = 30_000

export interface ExpressPorts {
  readonly here: Here
  readonly clock: Clock
  readonly peers: ReadonlyMap<SiteId, ExpressPeer>
}

export interface ExpressPeer {
  /** With `expressTimeoutMs`. */
  readonly peer: Peer
  /** Of this site's route to it: the lane must not be a way around a pause or a rate. */
  readonly flow: FlowControl
}

export interface ExpressRun {
  /** To be called with every record that was committed. */
  readonly captured: (ref: RecordRef, record: SyncRecord) => void
  /** Sends what was captured since, in one batch for each peer where it fits. Never rejects. */
  send(): Promise<void>
}

/** One lane for each instance, one run for each invocation. */
export function createExpressLane({ here, clock, peers }: ExpressPorts): () => ExpressRun {
  const pausedUntilMs = new Map<SiteId, number>()

  async function deliver(peerId: SiteId, { peer, flow }: ExpressPeer, events: readonly ChangeEvent[]): Promise<void> {
    if (clock.now() < (pausedUntilMs.get(peerId) ?? 0)) return
    const untilMs = clock.now() + expressTimeoutMs
    try {
      const settings = await flow.settings()
      if (settings.changesPerSecond !== undefined) return
      const open = events.filter(({ change }) => heldUntilMs(settings, change.type, clock.now()) === undefined)
      for (const batch of batchesOf(open, event => event)) {
        await peer.deliver(batch)
        if (clock.now() >= untilMs) return
      }
    } catch {
      pausedUntilMs.set(peerId, clock.now() + expressPauseMs)
    }
  }

  return () => {
    const events: ChangeEvent[] = []
    return {
      captured(ref, record) {
        if (peers.size === 0 || !isExpress(dataTypeOf(here, ref.type).plan)) return
        // All that is held, so that it arrives although the capture before it is still on the durable path.
        if (record.held.length > 0) events.push(changeEventOf(deltaOf(ref, record, record.held, here)))
      },
      async send() {
        const sent = events.splice(0)
        await Promise.all(
          [...peers].map(([peerId, peer]) => {
            const meant = sent.filter(({ change }) => dataTypeOf(here, change.type).plan.sites.includes(peerId))
            return meant.length === 0 ? undefined : deliver(peerId, peer, meant)
          }),
        )
      },
    }
  }
}
