/**
 * For every rule of rulings and reservations a bug that leaves it out, found by the runs of simulate-ledger.ts. The first
 * ones are the designs that look right and do not work.
 */
import type { PlantedBug } from './planted-bugs.ts'

const simulation = 'simulate-ledger.ts'

function planted(
  rule: string,
  leavesOut: string,
  edits: PlantedBug['edits'],
  more: Pick<PlantedBug, 'shownBy' | 'untold'> = {},
): PlantedBug {
  return { rule: `Ledger, ${rule}`, leavesOut, simulation, edits, ...more }
}

const ruling = 'shared/resolve/ruling.ts'
const ledger = 'shared/resolve/ledger.ts'
const atHome = 'shared/resolve/ledger-home.ts'
const verdicts = 'shared/resolve/ledger-verdicts.ts'
const holds = 'shared/resolve/ledger-holds.ts'
const book = 'shared/resolve/ledger-book.ts'

export const ledgerBugs: readonly PlantedBug[] = [
  planted(
    'order',
    'one home decides, and not every site by the order of stamps',
    [
      {
        file: ledger,
        find: "import type { Request } from './ledger-verdicts.ts'",
        replace:
          "import { ledgerVerdicts, type Request } from './ledger-verdicts.ts'\nimport { ruledById } from './ledger-book.ts'",
      },
      {
        file: ledger,
        find: 'const ruled = fixedOf(book)\n    const reservations',
        replace:
          'const ruled = ruledById(ledgerVerdicts([], { stock: amountOf(document[stock]) ?? 0, requests: requestsIn(state), book, nowMs: 0 }))\n    const reservations',
      },
    ],
    { shownBy: 2 },
  ),
  planted(
    'epochs',
    'a home that takes over has promises of a majority: a later epoch does not simply replace',
    [{ file: ruling, find: 'promises.length < majorityOf(jurisdiction.sites)', replace: 'promises.length < 1' }],
    { shownBy: 17 },
  ),
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
    { shownBy: 20 },
  ),
  planted(
    'fixed',
    'a verdict is shown when a majority has it',
    [
      {
        file: ruling,
        find: 'ruling.log.slice(0, fixedLength(ruling, jurisdiction) - droppedFrom(ruling))',
        replace: 'ruling.log',
      },
    ],
    { shownBy: 17 },
  ),
  planted(
    'majority',
    'it takes two of three to fix a verdict where a home can be moved',
    [{ file: ruling, find: 'Math.floor(sites.length / 2) + 1\n', replace: 'Math.floor(sites.length / 2)\n' }],
    { shownBy: 3 },
  ),
  planted(
    'promised',
    'who has promised stores nothing of a lower epoch',
    [{ file: ruling, find: 'if (promiseOf(ruling, site) > epoch || log', replace: 'if (log' }],
    { shownBy: 26 },
  ),
  planted(
    'adopted',
    'who takes over keeps what its promisers have stored',
    [{ file: ruling, find: 'return { ...ruling, epoch }', replace: 'return { ...ruling, epoch, log: [] }' }],
    { shownBy: 2 },
  ),
  planted(
    'stored',
    'what was fixed in an earlier epoch stays so',
    [
      {
        file: ruling,
        find: '[site]: { ...mine, [epoch]: logged }',
        replace: '[site]: { [epoch]: logged }',
      },
      { file: ruling, find: '(x, y) => joinNamed(x, y, Math.max)', replace: '(_, y) => y' },
    ],
    { shownBy: 2 },
  ),
  planted('home', 'nobody but the home rules', [
    {
      file: ruling,
      find: 'if (homeOf(ruling.epoch, jurisdiction) !== site || promiseOf',
      replace: 'if (promiseOf',
    },
  ]),
  planted(
    'expiry',
    'nobody but the home decides that a reservation has expired',
    [
      {
        file: ruling,
        find: 'if (homeOf(ruling.epoch, jurisdiction) !== site || promiseOf(ruling, site) > ruling.epoch) return ruling\n  const added = verdicts(ruling.log)',
        replace:
          "const isHome = homeOf(ruling.epoch, jurisdiction) === site && promiseOf(ruling, site) <= ruling.epoch\n  const added = verdicts(ruling.log).filter(entry => isHome || (Array.isArray(entry) && entry[1] === 'expired'))",
      },
    ],
    { shownBy: 2 },
  ),
  planted(
    'immovable',
    'where the home alone fixes its verdicts it cannot be moved',
    [
      {
        file: atHome,
        find: 'taking: isMajority ? taking : undefined',
        replace: 'taking',
      },
    ],
    { shownBy: 105 },
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
  planted(
    'once',
    'what was ruled is not ruled again, also after a restock',
    [
      {
        file: verdicts,
        find: '.filter(request => kindOf(request) === undefined)',
        replace:
          ".filter(request => kindOf(request) === undefined || (kindOf(request) === 'rejected' && compareAmounts(request.quantity, left) <= 0))",
      },
    ],
    { shownBy: 3 },
  ),
  planted(
    'stock',
    'a request is accepted only if it fits what is left',
    [{ file: verdicts, find: 'compareAmounts(quantity, left) <= 0', replace: 'compareAmounts(left, 0) > 0' }],
    { shownBy: 3 },
  ),
  planted(
    'in a row',
    'requests that are ruled together fit together',
    [{ file: verdicts, find: 'if (fits) left = subtract(left, quantity)\n', replace: '' }],
    { shownBy: 3 },
  ),
  planted(
    'quantity',
    'a reservation keeps the quantity that it was ruled with',
    [{ file: ledger, find: '...(of && { [quantity]: amountToJson(of.quantity) }),', replace: '' }],
    { shownBy: 7 },
  ),
  planted(
    'freed',
    'what was cancelled or shipped holds nothing',
    [{ file: holds, find: ' && !Object.hasOwn(ended, id)', replace: '' }],
    { shownBy: 2 },
  ),
  planted(
    'removed',
    'a removed reservation has ended, also if a concurrent change brings it back',
    [
      {
        file: ledger,
        find: 'is.has(id) ? is.get(id)?.[status] : words.cancel',
        replace: 'is.get(id)?.[status]',
      },
    ],
    { shownBy: 4 },
  ),
  planted(
    'for good',
    'what has ended does not begin again',
    [
      {
        file: ledger,
        find: 'if (isOver || said',
        replace: 'if (said === words.request) delete ended[id]\n      if (isOver || said',
      },
    ],
    { shownBy: 14 },
  ),
  planted(
    'ended first',
    'what has ended is not ruled upon any more',
    [{ file: verdicts, find: '.filter(({ id }) => !Object.hasOwn(book.ended, id))\n', replace: '' }],
    { shownBy: 58 },
  ),
  planted(
    'shipped',
    'only what was accepted can be shipped',
    [{ file: ledger, find: 'said === words.done && kind !== undefined', replace: 'said === words.done' }],
    { shownBy: 35 },
  ),
  planted(
    'cancelled or shipped',
    'of the two words the same one counts everywhere',
    [
      {
        file: book,
        find: "endOf(a, id) === 'done' || endOf(b, id) === 'done'",
        replace: "(endOf(b, id) ?? endOf(a, id)) === 'done'",
      },
    ],
    { shownBy: 122 },
  ),
  planted(
    'confirmed',
    'what is confirmed before its expiry is ruled does not expire',
    [{ file: verdicts, find: '!isConfirming(request) && ', replace: '' }],
    { shownBy: 94, untold: true },
  ),
  planted(
    'expired',
    'what has expired is free for the requests ruled with it',
    [
      {
        file: verdicts,
        find: 'for (const { id } of expired) left = add(left, ruled.get(id)?.quantity ?? 0)\n',
        replace: '',
      },
    ],
    { shownBy: 3 },
  ),
  planted(
    'anew',
    'a document in the place of a deleted one holds nothing of what that one held',
    [{ file: ledger, find: 'was ?? (state && innerView(state))', replace: 'was' }],
    { shownBy: 24 },
  ),
  planted(
    'names',
    'a reservation may be called like something that every object has',
    [{ file: book, find: 'Object.hasOwn(ended, id) ? ended[id] : undefined', replace: 'ended[id]' }],
    { shownBy: 3 },
  ),
  planted(
    'told',
    'of a rejection that is fixed while the home moves the new home tells',
    [{ file: atHome, find: 'isHome(before, site) ? ruled(before)', replace: 'before ? ruled(before)' }],
    { shownBy: 30 },
  ),
  planted('told once', 'nobody is told of what was accepted', [
    { file: atHome, find: 'refusals.has(kind) && isNew', replace: 'kind && isNew' },
  ]),
  planted('audited', 'what meets nothing but decisions is no conflict of two writes', [
    {
      file: 'shared/replicate/apply-change.ts',
      find: 'metSomething(record.vector, writtenIn(record), change)',
      replace: 'metSomething(record.vector, writtenIn({ vector: record.vector }), change)',
    },
  ]),
  planted('audited, arrived', 'what is decided and arrives is no write that could meet any', [
    {
      file: 'shared/replicate/apply-change.ts',
      find: '(counterOf(written, origin) > counterOf(record.vector, origin) || isArbitrated(origin))',
      replace: '(counterOf(written, origin) >= 0 || isArbitrated(origin))',
    },
  ]),
  planted('audited, flagged', 'what an application writes is never marked as decided', [
    {
      file: 'shared/replicate/capture.ts',
      find: 'seen: record.vector, touched })',
      replace: 'seen: record.vector, touched, decided: true })',
    },
  ]),
  planted('audited, together', 'a write that travels with a decision behind it counts as one', [
    {
      file: 'shared/replicate/written-in.ts',
      find: 'intervals.findLast(({ decided }) => !decided)',
      replace: '(intervals.at(-1)?.decided ? undefined : intervals.at(-1))',
    },
  ]),
  planted('audited, met', 'what an application writes after a decision can be met', [
    {
      file: 'shared/replicate/written-in.ts',
      find: 'advance(record.written, dot)',
      replace: 'record.written',
    },
  ]),
]
