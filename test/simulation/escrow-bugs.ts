/**
 * For every rule of escrow a bug that leaves it out, found by the runs of simulate-escrow.ts. The first ones are the designs
 * that look right and do not work.
 */
import type { PlantedBug } from './planted-bugs.ts'

const simulation = 'simulate-escrow.ts'

function planted(rule: string, leavesOut: string, edits: PlantedBug['edits'], shownBy?: number): PlantedBug {
  return { rule: `Escrow, ${rule}`, leavesOut, simulation, edits, ...(shownBy !== undefined && { shownBy }) }
}

const escrow = 'shared/resolve/escrow.ts'
const decider = 'shared/resolve/ledger-escrow.ts'

export const escrowBugs: readonly PlantedBug[] = [
  planted('share', 'what was handed to a site is never reclaimed, also if nothing is heard of it', [
    {
      file: escrow,
      find: 'this.#given = { ...row.given }',
      replace:
        'const isSilent = (other: SiteId) => escrow[other] === undefined\n    this.#given = Object.fromEntries(Object.entries(row.given).filter(([other]) => !isSilent(other)))',
    },
  ]),
  planted(
    'own requests',
    'no rights are kept for younger requests of the site itself',
    [
      {
        file: escrow,
        find: 'return [...open.values()].sort((a, b) => a.hlc - b.hlc',
        replace:
          'const foreign = (by: SiteId) => (by === this.#at.site ? 0 : 1)\n    return [...open.values()].sort((a, b) => foreign(a.by) - foreign(b.by) || a.hlc - b.hlc',
      },
    ],
    36,
  ),
  planted('rights', 'a site accepts out of its own rights, and not out of all that it knows to be there', [
    { file: escrow, find: 'else if (compareAmounts(quantity, mine) <= 0) {', replace: 'else if (quantity) {' },
  ]),
  planted('gifts', 'a site hands on no more than it has', [
    {
      file: escrow,
      find: 'const gift = compareAmounts(lacks, mine) <= 0 ? lacks : mine',
      replace: 'const gift = lacks',
    },
  ]),
  planted('handed on', 'rights go where requests wait for them', [
    { file: escrow, find: 'compareAmounts(lacks, 0) <= 0 || compareAmounts(mine, 0) <= 0', replace: 'lacks' },
  ]),
  {
    ...planted(
      'debts',
      'rights to what another site has shipped go to that site',
      [{ file: escrow, find: '  desk.settleDebts()\n', replace: '' }],
      80,
    ),
    untold: true,
  },
  planted('given', 'what a site has handed on is not its own any more', [
    {
      file: escrow,
      find: 'rights = subtract(rights, this.#rowOf(site).given[other] ?? 0)',
      replace: 'rights = subtract(rights, 0)',
    },
  ]),
  planted('spent', 'what a site has accepted is not its own any more', [
    {
      file: escrow,
      find: 'rights = subtract(rights, own(asked, id)?.[0] ?? 0)',
      replace: 'rights = subtract(rights, 0)',
    },
  ]),
  planted(
    'shared out',
    'a site shares only what it still has',
    [{ file: escrow, find: ' && compareAmounts(more, this.#rightsOf(site)) <= 0', replace: '' }],
    263,
  ),
  planted('rows', 'of two versions of a row the later one counts', [
    {
      file: escrow,
      find: 'joined[site] = mine.version >= other.version ? mine : other',
      replace: 'joined[site] = mine.version <= other.version ? mine : other',
    },
  ]),
  planted('whole rows', 'a row is taken over whole, and not by its parts', [
    {
      file: escrow,
      find: 'joined[site] = mine.version >= other.version ? mine : other',
      replace:
        'joined[site] = { ...(mine.version >= other.version ? mine : other), given: { ...mine.given, ...other.given } }',
    },
  ]),
  planted('rejected', 'what does not fit into what is left is rejected, and does not wait for ever', [
    { file: escrow, find: "this.#say(id, 'rejected')", replace: 'mine = subtract(mine, 0)' },
  ]),
  planted('left', 'only what does not fit into what is left is rejected, and not what is over the site’s rights', [
    {
      file: escrow,
      find: 'if (compareAmounts(quantity, this.#left()) > 0)',
      replace: 'if (compareAmounts(quantity, mine) > 0)',
    },
  ]),
  {
    ...planted(
      'twice',
      'of two acceptances of one request one is held',
      [
        {
          file: escrow,
          find: '&& !this.#isHeldBefore(id, site)',
          replace: '',
        },
      ],
      72,
    ),
    untold: true,
  },
  planted(
    'acceptance',
    'where two sites were asked and one said no, the acceptance counts',
    [{ file: escrow, find: "if (kind === 'rejected' && ruled.has(id)) continue\n", replace: '' }],
    47,
  ),
  planted('freed', 'what was cancelled or shipped holds nothing', [
    { file: escrow, find: 'if (isHeld(kind) && !isEnded(id)) left', replace: 'if (isHeld(kind)) left' },
  ]),
  planted('ended first', 'what has ended is not answered any more', [
    { file: escrow, find: 'if (!ruled.has(id) && !isEnded(id)) open', replace: 'if (!ruled.has(id)) open' },
  ]),
  planted('confirmed', 'what was confirmed does not expire', [
    {
      file: escrow,
      find: "if (isConfirming(id)) this.#say(id, 'confirmed')\n      else if (untilS",
      replace: 'if (untilS',
    },
  ]),
  planted('names', 'a reservation may be called like something that every object has', [
    {
      file: escrow,
      find: 'Object.hasOwn(this.#rowOf(site).asked, id)',
      replace: 'this.#rowOf(site).asked[id] !== undefined',
    },
  ]),
  planted('told', 'a rejection is told', [
    { file: decider, find: "kind === 'rejected' && isNew(id)", replace: "kind === 'expired' && isNew(id)" },
  ]),
]
