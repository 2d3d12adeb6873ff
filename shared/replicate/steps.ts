/**
 * Which versions did a document go through since this site last looked? Capture looks at the present; where every version
 * counts, what an event tells is taken as evidence, but only if it leads without a gap from the document that is known to
 * the one that is there: an event may be old, repeated, or one of several.
 */
import { documentHash } from '../document/canonical.ts'
import { type Document, jsonEquals } from '../document/json.ts'
import { ValueRefused } from '../ports/errors.ts'

/** One write, as an event tells of it; undefined: no document. */
export interface Step {
  readonly before: Document | undefined
  readonly after: Document | undefined
}

/** The writes of one record, in their order, as far as the event knows them. Throws `ValueRefused`. */
export type TellSteps = () => Iterable<Step>

/** The versions between the known and the present one, oldest first; none: there were none, or nobody can tell. */
export function versionsBetween(
  tell: TellSteps | undefined,
  shadow: string,
  present: Document | undefined,
): readonly Document[] {
  const steps = told(tell)
  const chain = steps.slice(steps.findLastIndex(({ before }) => documentHash(before) === shadow))
  const isWhole =
    steps.length > 0 &&
    documentHash(chain[0]?.before) === shadow &&
    chain.every(({ after }, index) => jsonEquals(after, index + 1 < chain.length ? chain[index + 1]?.before : present))
  return isWhole ? chain.slice(1).flatMap(({ before }) => (before ? [before] : [])) : []
}

function told(tell: TellSteps | undefined): readonly Step[] {
  try {
    return [...(tell?.() ?? [])]
  } catch (error) {
    // A version that cannot be carried: what is there now says so itself, if it cannot be either.
    if (error instanceof ValueRefused) return []
    throw error
  }
}
