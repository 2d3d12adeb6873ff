/**
 * Two sites wrote the same value at once, and no rule may choose between them: a contract's text, a reconciled balance.
 * What do readers see until somebody has decided?
 *
 * The latest one, as everywhere else; but all concurrent values are kept, whole, and the record is flagged for review
 * until a write that has seen them replaces them (Dynamo 2007; Riak's siblings). Any write does: an application that saves
 * the document has chosen what it saved. Values that agree need nobody: they are not flagged.
 *
 * Not where conflicts are frequent (somebody has to look at each), and not for large values: each open one is kept in the
 * sync record.
 */
import type { MergeType, RegisterState } from './merge-type.ts'
import { createRegister, latest } from './register.ts'

export const siblingsType: MergeType<RegisterState> = createRegister({
  choose: latest,
  rule: 'siblings-kept',
  review: true,
})
