/**
 * The outermost cell of every record: whether the document exists at all, and the document below it.
 *
 * A deletion hides the document and touches nothing in it. A concurrent change revives it whole, amounts included:
 * a stock of 100 that one site deletes while another adds 3 is 103 again. (An element removed from a set is
 * different: there the remover meant just this amount, and only what it did not see stays.)
 */
import type { Stamp } from '../causality/hybrid-logical-clock.ts'
import { type Document, isJsonObject, type Json } from '../document/json.ts'
import { createCells } from './cells.ts'
import type { CellsState, Joining, MergeType, Misfit, Touched, Written } from './merge-type.ts'

const content = 'document'

export interface RecordType {
  misfit(document: Document): Misfit | undefined
  write(
    state: CellsState | undefined,
    before: Document | undefined,
    after: Document | undefined,
    stamp: Stamp,
  ): Written<CellsState> | undefined
  cut(state: CellsState, touched: Touched): CellsState
  join(a: CellsState | undefined, b: CellsState | undefined, joining: Joining): CellsState | undefined
  view(state: CellsState | undefined): Document | undefined
  isState(value: unknown): value is CellsState
}

export function createRecordType(documentType: MergeType): RecordType {
  const record = createCells({ typeOf: () => documentType, whenRemoved: 'keep', shape: 'a record' })
  const wrap = (document: Document | undefined): Json | undefined => document && { [content]: document }
  return {
    misfit: document => documentType.misfit(document, []),
    write: (state, before, after, stamp) => record.write(state, wrap(before), wrap(after), stamp),
    cut: record.cut,
    join: (a, b, joining) =>
      record.join(a, b, {
        ...joining,
        // Paths start inside the document.
        report: ({ path, ...arbitration }) => joining.report({ path: path.slice(1), ...arbitration }),
      }),
    isState: record.isState,
    view(state) {
      const outer = state && record.view(state)
      if (!isJsonObject(outer)) return undefined
      const document = outer[content]
      return isJsonObject(document) ? document : undefined
    },
  }
}
