/** What `status` says of a site's writes at another: a wrong number here sends somebody looking for a fault that is none. */
import { expect, it } from 'vitest'
import { baselineHlc, tick } from '../../shared/causality/hybrid-logical-clock.ts'
import { type RecordStanding, standingAt } from '../../tools/stores/record-standing.ts'

const nowMs = Date.UTC(2026, 0, 1)
const writtenAgo = (ms: number) => tick(nowMs - ms, 0)
const record = (name: string, vector: Readonly<Record<string, number>>, hlc: number): RecordStanding => ({
  name,
  vector,
  hlc,
  deleted: false,
})

it('counts what the peer has not seen, by the age of the oldest', () => {
  const here = [
    record('a', { here: 2 }, writtenAgo(5_000)),
    record('b', { here: 7 }, writtenAgo(9_000)),
    record('c', { here: 3, peer: 4 }, writtenAgo(60_000)),
  ]
  const peer = [record('a', { here: 1 }, writtenAgo(7_000)), record('c', { here: 3 }, writtenAgo(60_000))]
  expect(standingAt('here', here, peer, nowMs)).toEqual({ backlog: 2, lagMs: 9_000 })
  expect(standingAt('here', here, here, nowMs)).toEqual({ backlog: 0, lagMs: 0 })
})

it('does not count what stood there before replication: each site notes it by itself', () => {
  const here = [record('a', { here: 1 }, baselineHlc), record('b', { here: 1, peer: 9 }, writtenAgo(1_000))]
  expect(standingAt('here', here, [], nowMs)).toEqual({ backlog: 1, lagMs: 1_000 })
})
