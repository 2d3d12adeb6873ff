/** For every rule that keeps texts whole, or has them audited, a bug that leaves it out (see planted-bugs.ts). */
import type { PlantedBug } from './planted-bugs.ts'

type Edits = PlantedBug['edits']

function planted(rule: string, leavesOut: string, edits: Edits): PlantedBug {
  return { rule, leavesOut, simulation: 'simulate-text.ts', edits }
}

function inTheFlows(rule: string, leavesOut: string, edits: Edits): PlantedBug {
  return { rule: `in the flows, ${rule}`, leavesOut, simulation: 'simulate-text-flows.ts', edits }
}

const merge = 'shared/replicate/apply-change.ts'

const operation = 'shared/resolve/text-operation.ts'
const replay = 'shared/resolve/text-replay.ts'
const lattice = 'shared/resolve/text-lattice.ts'
const lives = 'shared/resolve/text-lives.ts'
const text = 'shared/resolve/text.ts'

export const textBugs: readonly PlantedBug[] = [
  planted('side', 'of two insertions at one place both sites put the same one first', [
    { file: operation, find: "late.site < early.site ? 'left' : 'right'", replace: "late.site ? 'left' : 'right'" },
  ]),
  planted('base', 'an edit is carried over what its author did not know of', [
    {
      file: text,
      find: ']: { base, edit }',
      replace: ']: { base: base + 1, edit }',
    },
  ]),
  planted('base, replayed', 'and over nothing else', [
    { file: replay, find: '?.base ?? Number.POSITIVE_INFINITY', replace: ' ? 0 : Number.POSITIVE_INFINITY' },
  ]),
  planted('order', 'the home takes the edits of a site in their order', [
    { file: text, find: 'counter - otherCounter', replace: 'otherCounter - counter' },
  ]),
  planted('queue', 'an edit of the log is carried over each edit in a queue before it meets the next one', [
    { file: replay, find: 'early = { site, edit: transformed(early, late) }', replace: '' },
  ]),
  planted('everywhere', 'only what all sites have applied is folded', [
    {
      file: lattice,
      find: 'Math.min(logLength(ruling), ...sites.map(site => applied[site] ?? 0))',
      replace: 'Math.min(logLength(ruling), Math.max(...sites.map(site => applied[site] ?? 0)))',
    },
  ]),
  planted('applied', 'a site has applied what is fixed, not all that it has', [
    { file: text, find: '{ [decider]: length }', replace: '{ [decider]: length + 1 }' },
  ]),
  planted('folded', 'what one side has folded the other one drops', [
    { file: lattice, find: 'if (counter > (last[site] ?? 0))', replace: 'if (counter)' },
  ]),
  planted('carried', 'of an edit counts what the side made of it that has folded more', [
    { file: lattice, find: '{ ...joined, ...edits }', replace: '{ ...edits, ...joined }' },
  ]),
  planted('lives', 'a text that was replaced is not read', [
    { file: text, find: 'isRead(life) ? [life.book] : []', replace: '[life.book]' },
  ]),
  planted('lives, kept', 'it is kept for who goes on with it', [
    { file: lives, find: 'sites.every(site => hasSpoken(site, book))', replace: 'book' },
  ]),
  planted('lives, all', 'until every site has had its say in all that took its place', [
    { file: lives, find: 'instead.every((', replace: 'instead.some((' },
  ]),
  planted('lives, apart', 'what several sites begin at the same time keeps its own history', [
    { file: text, find: 'const birth = editName(stamp.site, stamp.counter)', replace: "const birth = 'x:1'" },
  ]),
  planted('promised', 'who has promised another home fixes nothing of the last one', [
    {
      file: 'shared/resolve/ruling.ts',
      find: 'if (promiseOf(ruling, site) > epoch || logged',
      replace: 'if (logged',
    },
    {
      file: 'shared/resolve/ruling.ts',
      find: 'promises.length < majorityOf(jurisdiction.sites)',
      replace: 'promises.length < 1',
    },
  ]),
]

/** What only the flows can do to a text; found by runs of those. */
export const textFlowBugs: readonly PlantedBug[] = [
  inTheFlows('audited', 'edits that met are audited, although nothing of them was chosen', [
    {
      file: merge,
      find: 'metSomething(record.vector, writtenIn(record), change) ? arrived : arrived.filter(isArbitrated)',
      replace: 'arrived.filter(isArbitrated)',
    },
  ]),
  inTheFlows('decided', 'the place that an edit is given, and the word that it is stored, meet nothing', [
    {
      file: 'shared/replicate/decide-record.ts',
      find: 'touched: decided.touched, decided: true',
      replace: 'touched: decided.touched',
    },
  ]),
  inTheFlows('placed', 'edits get their place with every commit, a merge too', [
    {
      file: 'shared/replicate/ingest.ts',
      find: 'const decided = decideRecord(change, merged.record, type, { site: here.site, nowMs, taking })',
      replace:
        'const decided = taking ? decideRecord(change, merged.record, type, { site: here.site, nowMs, taking }) : merged.record',
    },
  ]),
  inTheFlows('own', 'a site shows its own edits before they have their place', [
    {
      file: 'shared/replicate/here.ts',
      find: 'documentTypeOf(merge, plan.sites, resolvers, site)',
      replace: 'documentTypeOf(merge, plan.sites, resolvers)',
    },
  ]),
]
