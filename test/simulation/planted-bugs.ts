/**
 * For every rule of the protocol a bug that leaves it out. If the simulator cannot find one of them, it would not
 * find it either if somebody made it by mistake.
 */
export interface PlantedBug {
  readonly rule: string
  readonly leavesOut: string
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[]
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    rule: 'P1',
    leavesOut: 'the sync record is read before the document',
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'const stored = await store.readRecord(ref)\n  const document = await store.readDocument(ref)',
        replace: 'const document = await store.readDocument(ref)\n  const stored = await store.readRecord(ref)',
      },
    ],
  },
  {
    rule: 'P2',
    leavesOut: 'a difference is confirmed by one read of both (DynamoDB)',
    edits: [
      {
        file: 'shared/replicate/look.ts',
        find: 'if (!sight.differs || !store.readBoth) return sight',
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
    edits: [
      {
        file: 'shared/replicate/capture.ts',
        find: 'if (jsonEquals(document, sight.document.document)) return result',
        replace: 'if (sight) return result',
      },
    ],
  },
  {
    rule: 'P6',
    leavesOut: 'document and sync record are written in one batch (Cosmos)',
    edits: [
      {
        file: 'shared/ports/memory/memory-database.ts',
        find: 'if (document) this.#setDocument(commit.ref, document.after, true)\n      return',
        replace:
          "if (document && this.kind === 'batched') return timing.step().then(() => (this.#setDocument(commit.ref, document.after, true), 'committed' as const))\n      if (document) this.#setDocument(commit.ref, document.after, true)\n      return",
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
    edits: [
      {
        file: 'shared/replicate/publish.ts',
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
    edits: [
      {
        file: 'shared/resolve/register.ts',
        find: 'return result.joined.length === 0 ? undefined : result.joined',
        replace: 'const best = winner(result.joined)\n    return best && [best]',
      },
    ],
  },
  {
    rule: 'P13, totals',
    leavesOut: "a counter's slots are absolute totals",
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'maximum(x[0], y[0])',
        replace: '(joiningTwice(x, y) ?? add(x[0], y[0]))',
      },
      {
        file: 'shared/resolve/counter.ts',
        find: 'function joinSlots(',
        replace: 'const joiningTwice = (x: Slot, y: Slot) => (x[0] === y[0] ? x[0] : undefined)\n\nfunction joinSlots(',
      },
    ],
  },
  {
    rule: 'P13, reset',
    leavesOut: 'a reset notes what it saw instead of setting totals back',
    edits: [
      {
        file: 'shared/resolve/counter.ts',
        find: 'out[site] = [up, down, up, down]',
        replace: 'out[site] = [0, down, 0, down]',
      },
    ],
  },
  {
    rule: 'P14',
    leavesOut: "a record's first dot comes from the clock",
    edits: [{ file: 'shared/replicate/capture.ts', find: 'Math.max(Math.floor(nowMs), 1)', replace: '1 + 0 * nowMs' }],
  },
  {
    rule: 'P18',
    leavesOut: 'what was captured reads back as it was written (old cells of a removed document show through)',
    edits: [
      {
        file: 'shared/resolve/cells.ts',
        find: 'eachCell(state.cells, namesOf(state.cells, after), (name, cell) =>\n      typeOf(name).write(cell, undefined',
        replace: 'eachCell(state.cells, namesOf(after), (name, cell) =>\n      typeOf(name).write(cell, undefined',
      },
      {
        file: 'shared/replicate/capture.ts',
        find: '!written || !jsonEquals(type.record.view(written.state), after)',
        replace: '!written',
      },
    ],
  },
]
