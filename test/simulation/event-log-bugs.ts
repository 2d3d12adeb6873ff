/**
 * For every rule of event logs a bug that leaves it out, found by the runs of simulate-event-log.ts. The first ones are the
 * designs that look right and do not work.
 */
import type { PlantedBug } from './planted-bugs.ts'

const simulation = 'simulate-event-log.ts'

function planted(rule: string, leavesOut: string, edits: PlantedBug['edits'], shownBy?: number): PlantedBug {
  return { rule: `Event log, ${rule}`, leavesOut, simulation, edits, ...(shownBy !== undefined && { shownBy }) }
}

const ruling = 'shared/resolve/ruling.ts'
const log = 'shared/resolve/event-log.ts'
const book = 'shared/resolve/event-log-book.ts'
const news = 'shared/resolve/event-log-news.ts'
const replay = 'shared/resolve/event-log-replay.ts'

export const eventLogBugs: readonly PlantedBug[] = [
  planted('order', 'the home decides what is settled, and not a replay of all by stamp', [
    {
      file: log,
      find: '[settled]: replayVerdicts(fixedOf(book), book, machine).status',
      replace: '[settled]: replayAll([], book, machine).status',
    },
  ]),
  planted('ruled order', 'what was ruled counts in the order of the home, and not by stamp', [
    {
      file: replay,
      find: 'for (const [name, kind] of verdictsIn(log)) {',
      replace:
        'const place = ([name]: readonly [string, string]) => events.findIndex(event => eventName(event) === name)\n  for (const [name, kind] of [...verdictsIn(log)].sort((a, b) => place(a) - place(b))) {',
    },
  ]),
  planted('epochs', 'a home that takes over has promises of a majority: a later epoch does not simply replace', [
    { file: ruling, find: 'promises.length < majorityOf(jurisdiction.sites)', replace: 'promises.length < 1' },
  ]),
  planted(
    'one log',
    'the log of the highest epoch counts, not the verdicts of all',
    [
      {
        file: ruling,
        find: 'log: high.log,',
        replace:
          'log: [...new Set([...low.log, ...high.log].map(entry => JSON.stringify(entry)))].map(entry => JSON.parse(entry)),',
      },
    ],
    7,
  ),
  planted('fixed', 'a verdict is shown when a majority has it', [
    {
      file: ruling,
      find: 'ruling.log.slice(0, fixedLength(ruling, jurisdiction) - droppedFrom(ruling))',
      replace: 'ruling.log',
    },
  ]),
  planted('strict', 'the status of a strict log follows nothing but what is fixed', [
    {
      file: log,
      find: '(settled === undefined ? replayVerdicts : replayAll)(fixedOf(book)',
      replace: 'replayAll(fixedOf(book)',
    },
  ]),
  planted('at once', 'the status of an optimistic log shows what was said at once', [
    {
      file: log,
      find: '(settled === undefined ? replayVerdicts : replayAll)(fixedOf(book)',
      replace: 'replayVerdicts(fixedOf(book)',
    },
  ]),
  planted('majority', 'it takes two of three to fix a verdict where a home can be moved', [
    { file: ruling, find: 'Math.floor(sites.length / 2) + 1\n', replace: 'Math.floor(sites.length / 2)\n' },
  ]),
  planted(
    'promised',
    'who has promised stores nothing of a lower epoch',
    [{ file: ruling, find: 'if (promiseOf(ruling, site) > epoch || log', replace: 'if (log' }],
    77,
  ),
  planted('adopted', 'who takes over keeps what its promisers have stored', [
    { file: ruling, find: 'return { ...ruling, epoch }', replace: 'return { ...ruling, epoch, log: [] }' },
  ]),
  planted('stored', 'what was fixed in an earlier epoch stays so', [
    { file: ruling, find: '[site]: { ...mine, [epoch]: logged }', replace: '[site]: { [epoch]: logged }' },
    { file: ruling, find: '(x, y) => joinNamed(x, y, Math.max)', replace: '(_, y) => y' },
  ]),
  planted('home', 'nobody but the home rules', [
    {
      file: ruling,
      find: 'if (homeOf(ruling.epoch, jurisdiction) !== site || promiseOf',
      replace: 'if (promiseOf',
    },
  ]),
  planted(
    'immovable',
    'where the home alone fixes its verdicts it cannot be moved',
    [
      {
        file: log,
        find: "taking: declared.decide.fixed === 'majority' ? taking : undefined",
        replace: 'taking',
      },
    ],
    14,
  ),
  planted('decided', 'verdicts are stored and ruled with every merge', [
    {
      file: 'shared/replicate/ingest.ts',
      find: 'const decided = decideRecord(change, merged.record, type, { site: here.site, nowMs, taking })',
      replace:
        'const decided = taking ? decideRecord(change, merged.record, type, { site: here.site, nowMs, taking }) : merged.record',
    },
  ]),
  planted('put right', 'what is known afterwards is the document as it was put right', [
    {
      file: 'shared/replicate/capture.ts',
      find: 'shadow: type.record.corrects ? documentHash(view) : sight.hash',
      replace: 'shadow: sight.hash',
    },
  ]),
  planted('united', 'the events of all sites count, and none is ever removed', [
    {
      file: book,
      find: 'return { events: joinEvents(a.events, b.events), ...(ruling && { ruling }) }',
      replace:
        'const more = a.events.length > b.events.length ? a : b\n    return { events: more.events, ...(ruling && { ruling }) }',
    },
  ]),
  planted('machine', 'only what the machine allows is legal', [
    { file: replay, find: "if (allowed?.includes(to)) return 'legal'", replace: "if (allowed) return 'legal'" },
  ]),
  planted('where ruled ones have led', 'the machine is asked where the ruled events have led', [
    {
      file: replay,
      find: 'let status = ruled\n',
      replace: 'let status = machine.initial\n',
    },
  ]),
  planted('repeat', 'the present status said again is no step', [
    {
      file: replay,
      find: "return to === status && !entryOf(event) ? 'repeat' : 'illegal'",
      replace: "return 'illegal'",
    },
  ]),
  planted('act', 'an entry that leads where the status is already is an act of its own', [
    {
      file: replay,
      find: "return to === status && !entryOf(event) ? 'repeat' : 'illegal'",
      replace: "return to === status ? 'repeat' : 'illegal'",
    },
  ]),
  planted('same entry', 'one entry written at two sites is one event', [
    { file: replay, find: "id !== undefined && ids.has(id) ? 'repeat' : ", replace: '' },
  ]),
  planted(
    'version',
    'of two entries under one id the one that was ruled counts',
    [
      {
        file: replay,
        find: 'for (const event of [...replayed.map(each => each.event), ...events]) {',
        replace: 'for (const event of [...events, ...replayed.map(each => each.event)]) {',
      },
    ],
    19,
  ),
  planted('of one write', 'of entries that came with one write the one that is allowed comes first', [
    { file: replay, find: 'const together = entryOf(first) ? ', replace: 'const together = !entryOf(first) ? ' },
  ]),
  planted('facts', 'an entry that is known is neither said again nor changed', [
    { file: log, find: '.filter(([id]) => !known.has(id))', replace: '.filter(([id]) => known.size >= 0 || id)' },
  ]),
  planted(
    'steps',
    'what stood there in between counts as well, in its order',
    [
      {
        file: log,
        find: 'const versions = [...between.filter(version => !misfit(version, [])), document]',
        replace: 'const versions = [document, ...between.filter(version => !misfit(version, []))]',
      },
    ],
    17,
  ),
  planted('without a gap', 'a version counts as one in between only if the next write was made to it', [
    {
      file: 'shared/replicate/steps.ts',
      find: 'return isWhole ? chain',
      replace: 'return steps.length > 0 || isWhole ? steps.concat(chain)',
    },
  ]),
  planted('told when ruled', 'what the machine forbids is told when it is ruled, and not before', [
    {
      file: log,
      find: 'const { replayed } = replayVerdicts(fixedOf(book), book, machine)\n      return illegal',
      replace: 'const { replayed } = replayAll(fixedOf(book), book, machine)\n      return illegal',
    },
  ]),
  {
    ...planted(
      'told',
      'of what is fixed while the home moves the new home tells',
      [{ file: log, find: 'last && isHome(last, site) ? replay', replace: 'last ? replay' }],
      20,
    ),
    untold: true,
  },
  planted('other content', 'another entry under a known id is told', [
    { file: news, find: "return kind === 'repeat' && isOther", replace: "return kind === 'legal' && isOther" },
  ]),
]
