/**
 * What every merge type implements: a state that remembers who wrote what, and a view of it, the document.
 *
 * States are the dotted stores of delta-state CRDTs (Almeida et al., 2018), with one difference: what a site has seen
 * is kept once per record, as its version vector, not once per cell. That works because a change is only applied
 * where everything it depends on is already there, so the vector speaks for every cell of a whole state. A delta
 * speaks for the cells that it names and for no others: naming (cell, dot) and not the dot alone is what lets one
 * captured write, one dot, change many cells.
 */
import type { Dot, SiteId } from '../causality/dot.ts'
import type { Hlc, Stamp } from '../causality/hybrid-logical-clock.ts'
import type { Lateness } from '../causality/lateness.ts'
import type { VersionVector } from '../causality/version-vector.ts'
import type { Json } from '../document/json.ts'
import type { NamedCells } from './named-cells.ts'

/** One of the concurrent values of a register. `late`: absent where the write is as old as its stamp. */
export type Sibling = readonly [site: string, counter: number, hlc: Hlc, value: Json, late?: Lateness]

export type RegisterState = readonly Sibling[]

/** A total as an exact decimal: a number while it is a safe integer, else its text. */
export type Amount = number | string

/**
 * What one site added and took away in all since a write of its own, and how much of that later resets took out of
 * account. `since` is that write's counter: the site and it are a dot, which names this life of the slot.
 */
export type Slot = readonly [since: number, up: Amount, down: Amount, upReset: Amount, downReset: Amount]

export interface CounterState {
  readonly present: readonly Dot[]
  readonly slots: { readonly [site: string]: Slot }
}

/** Named cells that live and die together: a record, an object, a set. */
export interface CellsState {
  /** The writes that keep it in existence; empty: removed, and what is below is kept only to be revived. */
  readonly present: readonly Dot[]
  /** In a delta `null` says: written, and empty now. A cell that a delta does not name is untouched. */
  readonly cells: NamedCells
  /** In a delta: this speaks for all cells below, named or not. A record's own state always does. */
  readonly whole?: true
}

/** What Tributary remembers beside a document (see lattice.ts): joined as a whole, never shown. */
export interface LatticeState {
  readonly lattice: Json
}

export type CellState = RegisterState | CounterState | CellsState | LatticeState

/** Which cells a write touched: all below here, or the named ones. */
export type Touched = true | { readonly [name: string]: Touched }

export interface Written<State> {
  /** The state after the write; undefined: nothing is left to remember. */
  readonly state: State | undefined
  readonly touched: Touched
}

/** What one side of a join has seen. */
export interface Knowledge {
  readonly seen: VersionVector
  /** It speaks for cells that it does not name: they are empty there. */
  readonly whole: boolean
}

export type Path = readonly string[]

/** A value that took part in an arbitration, with the write it came from. */
export interface Version {
  readonly site: string
  readonly counter: number
  readonly hlc: Hlc
  /** Absent: as old as its stamp. */
  readonly late?: Lateness
  readonly value: Json
}

/** A join had to choose or to combine; goes into the audit. */
export interface Arbitration {
  readonly path: Path
  /** Somebody should look at it. */
  readonly review?: true
  /** The clocks chose between writes whose possible times overlap (see causality/clock-skew.ts). */
  readonly uncertain?: true
  readonly rule: Rule
  /** Who won, where one of several values did. For `baselines-differ` see replicate/adopt.ts. */
  readonly kept?: Version
  /** The values that are not in the document, or not any more, whole. */
  readonly lost?: readonly Version[]
}

export type Rule =
  | 'latest-write-wins'
  | 'highest-wins'
  | 'siblings-kept'
  | 'authority-wins'
  | 'first-write-stays'
  | `custom:${string}`
  | 'sum'
  | 'update-beats-removal'
  | 'baselines-differ'
  | 'owned-by-tributary'
  | 'event-replay'

/** Concurrent values that wait for somebody to choose; a write that has seen them replaces them all. */
export interface OpenSiblings {
  readonly path: Path
  /** The one that is shown first, the others from the latest back. */
  readonly versions: readonly Version[]
}

/** The write that a value in a document comes from. */
export interface Origin {
  readonly path: Path
  readonly site: string
  readonly counter: number
  readonly hlc: Hlc
}

export type Report = (arbitration: Arbitration) => void

/** Why a value cannot be carried by its declared type. */
export interface Misfit {
  readonly path: Path
  readonly reason: string
}

export interface Joining {
  readonly a: Knowledge
  readonly b: Knowledge
  readonly path: Path
  readonly report: Report
}

/** An operator's word to a site: decide from now on what these sites have decided. */
export interface TakingOver {
  readonly homes: readonly SiteId[]
  /**
   * Counted up with every such word for a data type. Of two sites that are told to take each other's place the one told
   * later keeps it, because the other's claims end with its turn.
   */
  readonly turn: number
  /** Of escrow: what these sites have left of their rights is written off to this one, if it is no more than this. */
  readonly most?: number
}

/** Who decides, about which record, when. */
export interface Decision {
  readonly site: SiteId
  readonly key: readonly string[]
  /** By this site's clock. */
  readonly nowMs: number
  /** The write that the decision is part of. */
  readonly stamp: Stamp
  /** Whose part as a home this site is to take over; absent: nobody's. */
  readonly taking?: TakingOver | undefined
}

/** Something that others want to hear of, such as `stock_exceeded`; told once per record and `id`. */
export interface Incident {
  readonly name: string
  readonly id: string
  /** Somebody should look at it. */
  readonly review?: true
  readonly data: { readonly [name: string]: Json }
}

export interface MergeType<State extends CellState = CellState> {
  /** Undefined if the type can carry the value. */
  misfit(value: Json, path: Path): Misfit | undefined
  /**
   * What a local write did: turns `before`, the present view, into `after`; undefined stands for absent.
   * Put-get law: the view of the result equals `after`. Returns undefined if nothing was touched.
   * `between`: as far as it is known, what it was in between, one after another (see `stepwise`).
   */
  write(
    state: State | undefined,
    before: Json | undefined,
    after: Json | undefined,
    stamp: Stamp,
    between?: readonly Json[],
  ): Written<State> | undefined
  /** As a document every version counts, not only the one that a write left. */
  readonly stepwise?: true
  /** The set element that holds this cell is removed: what must not come back if a concurrent write revives it. */
  hide(state: State, stamp: Stamp): Written<State> | undefined
  /** The delta that carries just the touched cells. Joined to the state before the write it gives the state after. */
  cut(state: State, touched: Touched): State
  /** Commutative, associative, idempotent. An absent side is an empty cell. */
  join(a: State | undefined, b: State | undefined, joining: Joining): State | undefined
  /**
   * The view of a write may differ from what was written, because part of it is not the application's to write; the
   * document is then put right. Absent: the put-get law holds.
   */
  readonly corrects?: true
  /**
   * Of a write that was put right: this part was understood, and what becomes of it is told once it is decided (see
   * `happened`). Absent: nothing is.
   */
  takes?(path: Path, value: Json | undefined): boolean
  /**
   * False: as a document it takes no such write, be it a creation or a deletion, and all is put back as it was.
   * Absent: it takes any.
   */
  admits?(before: Json | undefined, after: Json | undefined, stamp: Stamp): boolean
  /** Those that somebody has to look at; absent: there never are any. */
  openSiblings?(state: State, path: Path): readonly OpenSiblings[]
  /** Whose writes the plain values are that are shown; absent: it is not told. Of one made of several, all of those. */
  origins?(state: State, path: Path): readonly Origin[]
  /** The value an application sees; undefined: absent. */
  view(state: State): Json | undefined
  /**
   * What Tributary itself has to write now, for types that need more than a join (see ruling.ts): asked in every commit.
   * Undefined: nothing. It may change the view; the document then follows in the same commit.
   */
  decide?(state: State, decision: Decision): Written<State> | undefined
  /** What has come about with a commit, seen from this site. */
  happened?(before: State | undefined, after: State, decision: Pick<Decision, 'site'>): readonly Incident[]
  /** Checks a state that came from outside. */
  isState(value: unknown): value is State
}
