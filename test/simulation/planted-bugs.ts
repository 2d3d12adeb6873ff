/**
 * For every rule of the protocol a bug that leaves it out. If the simulator cannot find one of them, it would not
 * find it either if somebody made it by mistake.
 */
export interface PlantedBug {
  readonly rule: string
  readonly leavesOut: string
  /** A seed that is known to show a rare one; tried first, and replaced when it does not any more. */
  readonly shownBy?: number
  /** Shown where events do not tell what they left, so that echoes take as long as other captures. */
  readonly untold?: true
  /** The file that runs it, if not simulate.ts. */
  readonly simulation?: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    rule: 'P1',
    leavesOut: 'the sync record is read before the document',
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'const { fromMs, stored } = seen ?? (await lookAtRecord(ref, looking))\n  if (isTold && store.readBoth) return lookAtBoth(ref, looking, fromMs)\n  const document = await store.readDocument(ref)',
        replace:
          'const document = await store.readDocument(ref)\n  const { fromMs, stored } = await lookAtRecord(ref, looking)',
      },
    ],
  },
  {
    rule: 'P2',
    leavesOut: 'a difference is confirmed by one read of both (DynamoDB)',
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'if (sight.hash === sight.record.shadow || !store.readBoth) return sight',
        replace: 'if (store) return sight',
      },
    ],
  },
  {
    rule: 'P2, Cosmos',
    leavesOut: 'the account does not serve stale reads',
    edits: [{ file: 'test/simulation/site.ts', find: 'const staleReads = false', replace: 'const staleReads = true' }],
  },
  {
    rule: 'P3',
    leavesOut: 'a merge goes only into a document that the sync record knows',
    edits: [
      { file: 'shared/replicate/ingest.ts', find: 'if (sight.differs) {', replace: 'if (sight.differs && !sight) {' },
    ],
  },
  {
    rule: 'P4',
    leavesOut: 'an indivisible document is compared whole',
    shownBy: 979,
    edits: [
      {
        file: 'shared/ports/document-conditions.ts',
        find: 'indivisible || after === undefined ? [...all]',
        replace: 'after === undefined ? [...all]',
      },
    ],
  },
  {
    rule: 'P5',
    leavesOut: 'after its commit capture looks at the document once more',
    shownBy: 2856,
    edits: [
      {
        file: 'shared/replicate/capture.ts',
        find: 'if (jsonEquals(document, captured.document)) return result',
        replace: 'if (captured) return result',
      },
    ],
  },
  {
    rule: 'P5, echo',
    leavesOut: 'an event that tells of what is known is passed over only where a merge was the last to commit',
    shownBy: 162,
    edits: [
      {
        file: 'shared/replicate/echo.ts',
        find: 'return !includes(advance(last.seen, [site, last.to]), vector)',
        replace: 'return !includes(advance(last.seen, [site, 0]), vector)',
      },
    ],
  },
  {
    rule: 'P5, image',
    leavesOut: 'what an event left is held against what is known, and never taken for the present',
    edits: [
      {
        file: 'shared/replicate/capture.ts',
        find: 'const sight = await look(ref, { store, type, clock }, seen, tellsOfMore(record, heard))',
        replace:
          'const told = ports.left && [...ports.left()].at(-1)\n    const imagined = { ...store, readDocument: async (at: RecordRef) => ({ ...(await store.readDocument(at)), ...told }) }\n    const sight = await look(ref, { store: imagined, type, clock }, seen)',
      },
    ],
  },
  {
    rule: 'P5, several events',
    leavesOut: 'of several events of one record the last one tells what was left',
    shownBy: 234,
    edits: [
      {
        file: 'test/simulation/document-hints.ts',
        find: 'left: later.left',
        replace: 'left: earlier.left',
      },
    ],
  },
  {
    rule: 'P6',
    leavesOut: 'document and sync record are written in one batch (Cosmos)',
    edits: [
      {
        file: 'shared/ports/memory/memory-database.ts',
        find: 'if (document) this.#setDocument(commit.ref, document.after, true, this.record(commit.ref))\n      return',
        replace:
          "if (document && this.kind === 'batched') return timing.step().then(() => (this.#setDocument(commit.ref, document.after, true), 'committed' as const))\n      if (document) this.#setDocument(commit.ref, document.after, true, this.record(commit.ref))\n      return",
      },
    ],
  },
  {
    rule: 'P7',
    leavesOut: 'a write is stamped after everything its record has seen',
    edits: [
      {
        file: 'shared/causality/hybrid-logical-clock.ts',
        find: 'Math.max(Math.floor(nowMs) * ticksPerMs, seen + 1)',
        replace: 'Math.floor(nowMs) * ticksPerMs + 0 * seen',
      },
    ],
  },
  {
    rule: 'P7, late',
    leavesOut: 'a stamp tells how much earlier its write may have happened',
    edits: [
      {
        file: 'shared/replicate/capture.ts',
        find: '{ site, counter: to, hlc, late }',
        replace: '{ site, counter: to, hlc }',
      },
    ],
  },
  {
    rule: 'P7, stale event',
    leavesOut: 'an event tells since when only if it replaced what is known',
    edits: [
      {
        file: 'shared/replicate/written-since.ts',
        find: 'untilMs !== undefined && documentHash(document) === shadow',
        replace: 'untilMs !== undefined && (document !== null || shadow)',
      },
    ],
  },
  {
    rule: 'P7, version before',
    leavesOut: 'a change feed that does not carry the version before tells of no time by a replacement',
    shownBy: 4167,
    edits: [
      {
        file: 'test/simulation/document-hints.ts',
        find: 'before: after ? [{ document: after }] : []',
        replace: 'before: [{ document: undefined, untilMs }]',
      },
    ],
  },
  {
    rule: 'P7, last look',
    leavesOut: 'the last look counts from before it began',
    edits: [{ file: 'shared/replicate/capture.ts', find: 'lookedMs: sight.fromMs', replace: 'lookedMs: nowMs' }],
  },
  {
    rule: 'P7, overlap',
    leavesOut: 'writes whose possible times overlap are flagged',
    edits: [
      {
        file: 'shared/causality/clock-skew.ts',
        find: 'hlcToMs(last.hlc) - latenessMs(last.late ?? noLateness)',
        replace: 'hlcToMs(last.hlc) - latenessMs(noLateness)',
      },
    ],
  },
  {
    rule: 'P8, interval',
    leavesOut: 'a delta waits for the writes of its origin that came before it',
    edits: [
      {
        file: 'shared/replicate/apply-change.ts',
        find: 'return from <= last && includes(seen, others)',
        replace: 'return includes(seen, others) || from < 0',
      },
    ],
  },
  {
    rule: 'P8, dependencies',
    leavesOut: 'a delta waits for the writes of others that it builds on',
    edits: [
      {
        file: 'shared/replicate/apply-change.ts',
        find: 'return from <= last && includes(seen, others)',
        replace: 'return from <= last || !others',
      },
    ],
  },
  {
    rule: 'P9',
    leavesOut: 'a whole state is joined together with its whole vector',
    edits: [
      {
        file: 'shared/replicate/apply-change.ts',
        find: 'const vector = joinVectors(record.vector, change.vector)',
        replace:
          'const vector = isWhole(change) ? joinVectors(record.vector, { [change.origin]: lastCounter(change) }) : joinVectors(record.vector, change.vector)',
      },
    ],
  },
  {
    rule: 'P10',
    leavesOut: 'publish sends every capture that the feed may have skipped',
    shownBy: 45,
    edits: [
      {
        file: 'shared/replicate/make-change.ts',
        find: 'const touched = captures\n',
        replace: 'const touched = captures.slice(-1)\n',
      },
    ],
  },
  {
    rule: 'P11',
    leavesOut: 'a removal names the cell and not only the dot',
    edits: [
      {
        file: 'shared/resolve/cells.ts',
        find: 'return state === undefined || state.whole ? { ...knowledge, whole: true } : knowledge',
        replace: 'return state === undefined || knowledge ? { ...knowledge, whole: true } : knowledge',
      },
    ],
  },
  {
    rule: 'P12',
    leavesOut: 'a register keeps the concurrent siblings',
    shownBy: 175,
    edits: [
      {
        file: 'shared/resolve/register.ts',
        find: 'return result.joined.length === 0 ? undefined : result.joined',
        replace: 'const best = chosen(result.joined)?.sibling\n    return best && [best]',
      },
    ],
  },
  {
    rule: 'P13, totals',
    leavesOut: "a counter's slots are absolute totals",
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'maximum(x[1], y[1])',
        replace: '(joiningTwice(x, y) ?? add(x[1], y[1]))',
      },
      {
        file: 'shared/resolve/counter.ts',
        find: 'function joinSlots(',
        replace: 'const joiningTwice = (x: Slot, y: Slot) => (x[1] === y[1] ? x[1] : undefined)\n\nfunction joinSlots(',
      },
    ],
  },
  {
    rule: 'P13, reset',
    leavesOut: 'a reset notes what it saw instead of setting totals back',
    shownBy: 41,
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'out[site] = [since, up, down, up, down]',
        replace: 'out[site] = [since, 0, down, 0, down]',
      },
    ],
  },
  {
    rule: 'P14',
    leavesOut: "a record's first dot comes from the clock",
    edits: [
      { file: 'shared/replicate/decide-record.ts', find: 'Math.max(Math.floor(nowMs), 1)', replace: '1 + 0 * nowMs' },
    ],
  },
  {
    rule: 'P15, stability',
    leavesOut: 'content goes only when every site holds the same deletion',
    shownBy: 1139,
    edits: [
      {
        file: 'shared/replicate/prune.ts',
        find: '!every(tombstone, run, isStable) || ',
        replace: '',
      },
    ],
  },
  {
    rule: 'P15, message age',
    leavesOut: 'a message older than any on its way is no news',
    edits: [
      {
        file: 'shared/replicate/apply-change.ts',
        find: "if (at.nowMs - change.asOfMs > at.messageAgeMaxMs) return 'gap'\n",
        replace: '',
      },
    ],
  },
  {
    rule: 'P15, two steps',
    leavesOut: 'a record is forgotten only where no site keeps its content',
    shownBy: 122,
    edits: [
      {
        file: 'shared/replicate/prune.ts',
        find: 'if (record.state !== undefined) {\n    if (!every',
        replace: 'if (run.olderThanMs < 0) {\n    if (!every',
      },
      {
        file: 'shared/replicate/prune.ts',
        find: "return peer.standing === 'stripped' && isStable(",
        replace: 'return isStable(',
      },
      {
        file: 'shared/replicate/prune.ts',
        find: "if (peer.standing === 'absent') return state !== undefined",
        replace: "if (peer.standing === 'absent') return state === null",
      },
    ],
  },
  {
    rule: 'P15, age',
    leavesOut: 'a record is forgotten only when it has been empty everywhere for longer than a message lives',
    shownBy: 75,
    edits: [
      {
        file: 'shared/replicate/prune.ts',
        find: 'isStable(peer, vector) && isOlder(peer.forMs, olderThanMs)',
        replace: 'isStable(peer, vector) && olderThanMs > 0',
      },
      {
        file: 'shared/replicate/prune.ts',
        find: '!stored || !isOlder(goneForMs(stored.record, asOfMs), olderThanMs)',
        replace: '!stored || goneForMs(stored.record, asOfMs) === undefined',
      },
      {
        file: 'test/simulation/site.ts',
        find: '{ olderThanMs: this.here.messageAgeMaxMs + pruneMarginMs }',
        replace: '{ olderThanMs: 1 }',
      },
    ],
  },
  {
    rule: 'P15, lives',
    leavesOut: "a counter's slot that begins anew replaces the one that others still hold",
    shownBy: 43,
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'if (x[0] !== y[0]) return x[0] > y[0] ? x : y\n',
        replace: '',
      },
    ],
  },
  {
    rule: 'P15, dropped slots',
    leavesOut: 'a slot that the other side has dropped goes',
    shownBy: 83,
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'return covers(b.seen, [site, x[0]]) ? undefined : x',
        replace: 'return b && x',
      },
      {
        file: 'shared/resolve/counter.ts',
        find: 'return y && (covers(a.seen, [site, y[0]]) ? undefined : y)',
        replace: 'return a && y',
      },
    ],
  },
  {
    rule: 'P15, spent slots',
    leavesOut: 'a site that finds its slot used up begins a new one',
    shownBy: 1224,
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'return slot && !isSpent(slot) ? slot :',
        replace: 'return slot ? slot :',
      },
    ],
  },
  {
    rule: 'P15, missing',
    leavesOut: 'a site whose vector lacks something gets the whole state',
    shownBy: 36,
    edits: [
      {
        file: 'shared/replicate/prune.ts',
        find: 'return !includes(peer.vector, vector)',
        replace: 'return !includes(peer.vector, vector) && state === null',
      },
    ],
  },
  {
    rule: 'P15, audit',
    leavesOut: 'where nothing is kept nothing was met, and nothing is audited',
    edits: [
      {
        file: 'shared/replicate/apply-change.ts',
        find: 'if (record.state === undefined) return []',
        replace: 'if (record === undefined) return []',
      },
    ],
  },
  {
    rule: 'P18',
    leavesOut: 'what was captured reads back as it was written (old cells of a removed document show through)',
    shownBy: 41,
    edits: [
      {
        file: 'shared/resolve/cells.ts',
        find: 'eachCell(state.cells, namesWith(state.cells.names, Object.keys(after)), (name, cell) =>\n      typeOf(name).write(cell, undefined',
        replace:
          'eachCell(state.cells, inOrder(Object.keys(after)), (name, cell) =>\n      typeOf(name).write(cell, undefined',
      },
      {
        file: 'shared/replicate/capture.ts',
        find: '!written || !jsonEquals(view, after)',
        replace: '!written',
      },
    ],
  },
]
