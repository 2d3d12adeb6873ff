/** For every rule about documents that expire a bug that leaves it out, found by the runs of simulate-expiry.ts. */
import type { PlantedBug } from './planted-bugs.ts'

const expiry = 'simulate-expiry.ts'

export const expiryBugs: readonly PlantedBug[] = [
  {
    rule: 'Expiry',
    leavesOut: 'what a store removed because its time had come is not captured as a deletion',
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'differs: other && !(isGone && expired)',
        replace: 'differs: other',
      },
    ],
  },
  {
    rule: 'Expiry, store ahead',
    leavesOut: "a store's clock may be ahead of ours",
    simulation: expiry,
    edits: [
      { file: 'shared/replicate/expiry.ts', find: 'storeClockMarginMs = 2000', replace: 'storeClockMarginMs = 0' },
    ],
  },
  {
    rule: 'Expiry, clock',
    leavesOut: 'the clock is read after the document, however long that took',
    shownBy: 162,
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'sightOf(ref, stored, document, { type, fromMs, nowMs: clock.now() })',
        replace: 'sightOf(ref, stored, document, { type, fromMs, nowMs: fromMs })',
      },
      {
        file: 'shared/replicate/look.ts',
        find: 'sightOf(ref, both.stored, both.document, { type, fromMs, nowMs: clock.now(), hash })',
        replace: 'sightOf(ref, both.stored, both.document, { type, fromMs, nowMs: fromMs, hash })',
      },
    ],
  },
  {
    rule: 'Expiry, half done',
    leavesOut: 'that a document is gone, as if it had expired, is confirmed by one read of both (DynamoDB)',
    shownBy: 439,
    untold: true,
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'if (sight.hash === sight.record.shadow || !store.readBoth) return sight',
        replace: 'if (!sight.differs || !store.readBoth) return sight',
      },
    ],
  },
  {
    rule: 'Expiry, deletion',
    leavesOut: 'a deletion before the expiry is one, and travels',
    simulation: expiry,
    edits: [
      { file: 'shared/replicate/expiry.ts', find: 'storeClockMarginMs = 2000', replace: 'storeClockMarginMs = 1e15' },
    ],
  },
  {
    rule: 'Expiry, prolonged',
    leavesOut:
      'a document that was prolonged elsewhere is put back where its store has removed it, and not deleted everywhere',
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/ingest.ts',
        find: 'if (before === undefined && hasExpired(after, type.plan.expires, nowMs)) return commit',
        replace:
          'if (before === undefined && sight.record.state && hasExpired(type.record.view(sight.record.state), type.plan.expires, nowMs)) return commit',
      },
    ],
  },
  {
    rule: 'Expiry, put back',
    leavesOut: 'a merge does not put back what has expired',
    shownBy: 21,
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/ingest.ts',
        find: 'if (before === undefined && hasExpired(after, type.plan.expires, nowMs)) return commit\n',
        replace: '',
      },
    ],
  },
  {
    rule: 'Expiry, anew',
    leavesOut: 'what is written in the place of an expired document begins a new one',
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/capture.ts',
        find: 'const standing = sight.expired ? undefined : before',
        replace: 'const standing = before',
      },
    ],
  },
  {
    rule: 'Expiry, undeclared',
    leavesOut: 'an expiry that was set meanwhile keeps a merge from replacing the document (DynamoDB)',
    shownBy: 1689,
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/here.ts',
        find: '...(expires === undefined ? [] : [expires])',
        replace: '',
      },
    ],
  },
  {
    rule: 'Expiry, late store',
    leavesOut: 'a tombstone is not stripped while its store has left the document standing',
    shownBy: 29,
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/prune.ts',
        find: 'return (await store.readDocument(ref)).document === undefined',
        replace: 'return store !== undefined',
      },
    ],
  },
  {
    rule: 'Expiry, pruned',
    leavesOut: 'what has expired is forgotten everywhere in the end',
    simulation: expiry,
    edits: [
      {
        file: 'shared/replicate/gone.ts',
        find: 'return typeof expires === ',
        replace: "return typeof expires === 'string' && typeof expires === ",
      },
    ],
  },
]
