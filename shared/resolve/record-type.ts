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
import { JoiningAs } from './joining.ts'
import type {
  CellState,
  CellsState,
  Decision,
  Incident,
  Joining,
  MergeType,
  Misfit,
  OpenSiblings,
  Origin,
  Path,
  Touched,
  Written,
} from './merge-type.ts'

const content = 'document'

export interface RecordType {
  misfit(document: Document): Misfit | undefined
  write(
    state: CellsState | undefined,
    before: Document | undefined,
    after: Document | undefined,
    stamp: Stamp,
    between?: readonly Document[],
  ): Written<CellsState> | undefined
  cut(state: CellsState, touched: Touched): CellsState
  join(a: CellsState | undefined, b: CellsState | undefined, joining: Joining): CellsState | undefined
  view(state: CellsState | undefined): Document | undefined
  /** Concurrent values that wait for somebody to choose. */
  openSiblings(state: CellsState | undefined): readonly OpenSiblings[]
  /** Whose writes the plain values of the document are. */
  origins(state: CellsState | undefined): readonly Origin[]
  isState(value: unknown): value is CellsState
  /** Some of its fields are Tributary's to write. */
  readonly corrects: boolean
  /** See `MergeType`. */
  readonly stepwise: boolean
  takes(path: Path, value: Json | undefined): boolean
  /** Some of what it says is decided (see `MergeType.decide`). */
  readonly decides: boolean
  /** See `MergeType`; undefined where nothing has to be decided, which is for most types always so. */
  decide(state: CellsState | undefined, decision: Decision): Written<CellsState> | undefined
  happened(
    before: CellsState | undefined,
    after: CellsState | undefined,
    decision: Pick<Decision, 'site'>,
  ): readonly Incident[]
}

export function createRecordType(documentType: MergeType): RecordType {
  const record = recordOf(documentType)
  const wrap = (document: Document | undefined): Json | undefined => document && { [content]: document }
  return {
    misfit: document => documentType.misfit(document, []),
    write(state, before, after, stamp, between = []) {
      if (documentType.admits?.(before, after, stamp) === false) return undefined
      const outer = between.length === 0 ? record : recordOf(writingBetween(documentType, between))
      return outer.write(state, wrap(before), wrap(after), stamp)
    },
    cut: record.cut,
    join: (a, b, joining) =>
      record.join(
        a,
        b,
        // Paths start inside the document.
        new JoiningAs(joining, {
          report: ({ path, ...arbitration }) => joining.report({ path: path.slice(1), ...arbitration }),
        }),
      ),
    isState: record.isState,
    corrects: documentType.corrects === true,
    stepwise: documentType.stepwise === true,
    takes: (path, value) => documentType.takes?.(path, value) ?? false,
    decides: documentType.decide !== undefined,
    decide(state, decision) {
      const cell = livingIn(state)
      const decided = cell && documentType.decide?.(cell, decision)
      if (!state || !decided) return undefined
      const cells = state.cells.with(content, decided.state ?? null)
      return { state: { ...state, cells }, touched: { [content]: decided.touched } }
    },
    happened(before, after, decision) {
      const cell = livingIn(after)
      return (cell && documentType.happened?.(livingIn(before), cell, decision)) ?? []
    },
    openSiblings(state) {
      const cell = livingIn(state)
      return (cell && documentType.openSiblings?.(cell, [])) ?? []
    },
    origins(state) {
      const cell = livingIn(state)
      return (cell && documentType.origins?.(cell, [])) ?? []
    },
    view(state) {
      const outer = state && record.view(state)
      if (!isJsonObject(outer)) return undefined
      const document = outer[content]
      return isJsonObject(document) ? document : undefined
    },
  }
}

function recordOf(documentType: MergeType) {
  return createCells({ typeOf: () => documentType, whenRemoved: 'keep', shape: 'a record' })
}

function writingBetween(documentType: MergeType, between: readonly Document[]): MergeType {
  return {
    ...documentType,
    write: (state, before, after, stamp) => documentType.write(state, before, after, stamp, between),
  }
}

/** Of a document that is there; what was deleted is not decided about. */
function livingIn(state: CellsState | undefined): CellState | undefined {
  return state && state.present.length > 0 ? documentIn(state) : undefined
}

/** The cell of the document, be it there or not. */
export function documentIn(state: CellsState | undefined): CellState | undefined {
  return state?.cells.get(content) ?? undefined
}
