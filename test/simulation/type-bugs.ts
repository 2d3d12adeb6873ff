/**
 * For every rule of the types that hold one value, of append-only ones and of nested fields a bug that leaves it out, found
 * by the runs of simulate-types.ts.
 */
import type { PlantedBug } from './planted-bugs.ts'

/** A seed that is known to show it. */
const shownBy: Readonly<Record<string, number>> = {
  latest: 6,
  review: 6,
  'review, agreed': 145,
  lost: 414,
  highest: 99,
  'highest, by': 99,
  'highest, equal': 99,
  'highest, texts': 99,
  authority: 22,
  'authority, rule': 22,
  'authority, refused': 29,
  'authority, source': 2,
  'authority, any site': 2,
  'authority, deletions': 29,
  'refused, documents': 29,
  'refused, anew': 35,
  'refused, put right': 29,
  'refused, audited': 23,
  'refused, whole': 23,
  'refused, only': 23,
  'refused, entry': 23,
  'append-only, first': 3,
  'append-only, changed': 3,
  'append-only, removed': 3,
  'append-only, flagged': 3,
  'append-only, whole map': 326,
  'fields, revived': 56,
  'feeds, behind': 251,
  'feeds, ahead': 1,
  'feeds, venues': 27,
  'feeds, classes': 27,
  'feeds, left out': 186,
  provenance: 7,
  counter: 9,
  siblings: 7,
  'siblings, agreed': 68,
  'authority, own latest': 13,
  'custom, order': 60,
  'fields, apart': 446,
}

function planted(rule: string, leavesOut: string, edits: PlantedBug['edits']): PlantedBug {
  const seed = shownBy[rule]
  return {
    rule: `Types, ${rule}`,
    leavesOut,
    simulation: 'simulate-types.ts',
    edits,
    ...(seed !== undefined && { shownBy: seed }),
  }
}

const register = 'shared/resolve/register.ts'
const highest = 'shared/resolve/highest.ts'
const authority = 'shared/resolve/authority.ts'
const appendOnly = 'shared/resolve/append-only.ts'
const feeds = 'shared/resolve/best-feed.ts'
const undone = 'shared/replicate/undone-write.ts'

export const typeBugs: readonly PlantedBug[] = [
  planted('latest', 'of concurrent values the one with the latest stamp is shown', [
    {
      file: register,
      find: 'return greatest(siblings, byStamp)',
      replace: 'return greatest(siblings, (a, b) => byStamp(b, a))',
    },
  ]),
  planted('review', 'a conflict of a type with review is flagged', [
    { file: register, find: 'const flagged = review && differ', replace: 'const flagged = !review && differ' },
  ]),
  planted('review, agreed', 'values that agree are not flagged', [
    {
      file: register,
      find: 'const flagged = review && differ(losers, choice.value)',
      replace: 'const flagged = review && losers.length > 0',
    },
  ]),
  planted('lost', 'what lost is told whole, all of it', [
    {
      file: register,
      find: 'const lost = losers.map(versionOf)',
      replace: 'const lost = losers.slice(0, 1).map(versionOf)',
    },
  ]),
  planted('siblings', 'every value stays open until a write has seen it', [
    {
      file: register,
      find: 'inStampOrder(losers).toReversed()]',
      replace: 'inStampOrder(losers).toReversed().slice(0, 1)]',
    },
  ]),
  planted('siblings, agreed', 'values that agree wait for nobody', [
    {
      file: register,
      find: 'if (!choice?.sibling || !differ(losers, choice.value)) return []',
      replace: 'if (!choice?.sibling || losers.length === 0) return []',
    },
  ]),
  planted('highest', 'the greatest of concurrent values counts', [
    { file: highest, find: 'compareMeasures(measure(a[3]), measure(b[3])) || byStamp(a, b)', replace: 'byStamp(a, b)' },
  ]),
  planted('highest, by', 'it is compared by its field', [
    {
      file: highest,
      find: 'if (by === undefined) return value\n',
      replace: 'if (by === undefined || by) return value\n',
    },
  ]),
  planted('highest, equal', 'of equal ones the latest counts', [
    { file: highest, find: '|| byStamp(a, b)', replace: '|| byStamp(b, a)' },
  ]),
  planted('highest, texts', 'a number is above a text', [
    {
      file: highest,
      find: "? 2 : typeof value === 'string' ? 1 : 0",
      replace: "? 1 : typeof value === 'string' ? 2 : 0",
    },
  ]),
  planted('authority', 'of concurrent writes the one of the site with the say counts', [
    {
      file: authority,
      find: 'return own.length > 0 ? latest(own) :',
      replace: 'return own.length > 9 ? latest(own) :',
    },
  ]),
  planted('authority, own latest', 'of several of its own the latest counts', [
    {
      file: authority,
      find: '? latest(own) :',
      replace: '? { value: own[0]?.[3] ?? null, ...(own[0] && { sibling: own[0] }) } :',
    },
  ]),
  planted('authority, rule', 'where it wrote nothing the latest counts, and the audit says so', [
    { file: authority, find: "{ ...latest(siblings), rule: 'latest-write-wins' }", replace: 'latest(siblings)' },
  ]),
  planted('authority, refused', 'a write at a passive site is undone', [
    {
      file: authority,
      find: "...(passive === 'refuse' && {",
      replace: "...(passive === 'refuse' && of.by === 'source' && {",
    },
  ]),
  planted('authority, source', 'which site has the say is told by the source that the value names', [
    {
      file: authority,
      find: 'return source !== undefined && Object.hasOwn(of.sites, source) ? of.sites[source] : undefined',
      replace: 'return source === undefined ? undefined : Object.values(of.sites)[0]',
    },
  ]),
  planted('authority, any site', 'of a source that is not listed any site may write', [
    {
      file: authority,
      find: 'return site === undefined || site === stamp.site',
      replace: 'return site === stamp.site',
    },
  ]),
  planted('authority, deletions', 'a deletion at a passive site is undone as well', [
    {
      file: authority,
      find: 'const site = authorityOver(after ?? before, of)',
      replace: 'const site = after && authorityOver(after, of)',
    },
  ]),
  planted('refused, documents', 'a document that is deleted where another site has the say is put back', [
    {
      file: 'shared/resolve/record-type.ts',
      find: 'if (documentType.admits?.(before, after, stamp) === false) return undefined',
      replace: 'if (after && documentType.admits?.(before, after, stamp) === false) return undefined',
    },
  ]),
  planted('refused, anew', 'what an earlier document held does not come back with a refused write', [
    { file: register, find: 'return before === undefined ? cleared : undefined', replace: 'return undefined' },
  ]),
  planted('refused, put right', 'the document is put right in the commit that captures a refused write', [
    {
      file: 'shared/replicate/capture.ts',
      find: 'jsonEquals(document, written)\n      ? commit',
      replace: 'jsonEquals(document, written) || written\n      ? commit',
    },
  ]),
  planted('refused, audited', 'the audit has all that was undone', [
    {
      file: undone,
      find: 'if (undone.length === 0) return undefined',
      replace: 'if (undone.length !== 1) return undefined',
    },
  ]),
  planted('refused, whole', 'the value of it that was written, whole', [
    {
      file: undone,
      find: 'value: partAt(parts, written, part.path) ?? null',
      replace: 'value: partAt(parts, outcome, part.path) ?? null',
    },
  ]),
  planted('refused, only', 'and nothing of the same write that was taken', [
    { file: undone, find: 'differing.some(leaf => isAlong(leaf.path, path)) && ', replace: '' },
  ]),
  planted('refused, entry', 'what else is told of the same write is another entry', [
    {
      file: 'shared/replicate/write-back.ts',
      find: "entryId(['stale-write-back'], interval)",
      replace: 'entryId([], interval)',
    },
  ]),
  planted('append-only, first', 'of concurrent entries the first stays', [
    { file: appendOnly, find: 'greatest(siblings, (a, b) => byStamp(b, a))', replace: 'greatest(siblings, byStamp)' },
  ]),
  planted('append-only, changed', 'what has been written is not changed', [
    {
      file: appendOnly,
      find: 'admits: before => before === undefined',
      replace: 'admits: (before, after) => before === undefined || after !== undefined',
    },
  ]),
  planted('append-only, removed', 'and not removed', [
    {
      file: appendOnly,
      find: 'admits: before => before === undefined',
      replace: 'admits: (before, after) => before === undefined || after === undefined',
    },
  ]),
  planted('append-only, flagged', 'other content under a known id is flagged', [
    { file: appendOnly, find: "rule: 'first-write-stays',\n  review: true,", replace: "rule: 'first-write-stays'," },
  ]),
  planted('append-only, whole map', 'the entries stay when the whole map is removed', [
    {
      file: appendOnly,
      find: 'return removesAll ? undefined :',
      replace: 'return removesAll && !before ? undefined :',
    },
  ]),
  planted('custom, order', 'the function is asked of all values that are open', [
    {
      file: 'shared/resolve/custom.ts',
      find: '.map(([, , , value]) => value)\n        .reduce(together)',
      replace: '.map(([, , , value]) => value)\n        .slice(0, 2)\n        .reduce(together)',
    },
  ]),
  planted('fields, apart', 'two edits of different fields of a nested object both hold', [
    {
      file: 'shared/resolve/merge-type-of.ts',
      find: 'return createFields(new Map(named), registerType)',
      replace: 'return named.length === 0 ? registerType : createFields(new Map(named), registerType)',
    },
  ]),
  planted('fields, revived', 'an object that is removed while a field of it is changed stays, whole', [
    { file: 'shared/resolve/fields.ts', find: "whenRemoved: 'hide-cells'", replace: "whenRemoved: 'remove-cells'" },
  ]),
  planted('feeds, behind', 'a feed that is a minute behind the latest does not count', [
    {
      file: feeds,
      find: 'latestMs - observedMs <= declared.staleAfterS * 1000',
      replace: 'latestMs - observedMs >= 0',
    },
  ]),
  planted('feeds, ahead', 'no feed was observed after it was captured', [
    {
      file: feeds,
      find: 'Math.min(numberIn(value, fields.observed) ?? capturedMs, capturedMs)',
      replace: 'numberIn(value, fields.observed) ?? capturedMs',
    },
  ]),
  planted('feeds, venues', 'the first venue counts, whoever took it in', [
    { file: feeds, find: 'place(venues, a.venue) - place(venues, b.venue) ||\n', replace: '' },
  ]),
  planted('feeds, classes', 'of one venue the first class counts', [
    { file: feeds, find: 'place(classes, a.class) - place(classes, b.class) ||\n', replace: '' },
  ]),
  planted('feeds, left out', 'who leaves the name out means nothing by that', [
    { file: feeds, find: 'name === best && value === undefined', replace: 'name !== best && value === undefined' },
  ]),
  planted('provenance', 'of each value it is told whose write it is', [
    {
      file: register,
      find: 'return (sibling ? [sibling] : state).map',
      replace: 'return (sibling ? state.slice(0, 1) : state).map',
    },
  ]),
  planted('counter', 'additions of all sites add up, also under a composite key', [
    {
      file: 'shared/resolve/counter.ts',
      find: 'maximum(x[1], y[1]), maximum(x[2], y[2])',
      replace: 'add(x[1], y[1]), maximum(x[2], y[2])',
    },
  ]),
]
