/** What a site's feed tells of the writes of its documents: what stood before, what they left, and where order is not promised when. */
import type { DocumentWritten, StoreKind } from '../../shared/ports/memory/memory-database.ts'
import type { Before } from '../../shared/replicate/before.ts'
import type { Left } from '../../shared/replicate/echo.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import type { Step } from '../../shared/replicate/steps.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import type { World } from './world.ts'

export interface DocumentHint {
  readonly ref: RecordRef
  /** Of each version that it stands for. */
  readonly before: readonly Before[]
  /** The writes themselves, where they come in their order with both images. */
  readonly steps: readonly Step[]
  /** What the last of them left. */
  readonly left: Left
  /** When it was written. */
  readonly atMs: number
}

export class DocumentHints {
  readonly #world: World
  readonly #isOrdered: boolean
  /** Its feed may come without the version before. */
  readonly #isChangeFeed: boolean
  readonly #times = new Map<string, { readonly createdUs: number; readonly writtenUs: number }>()
  #lastUs = 0

  constructor(kind: StoreKind, world: World) {
    this.#world = world
    this.#isOrdered = kind !== 'versioned'
    this.#isChangeFeed = kind === 'batched'
  }

  of({ ref, before, after, record }: DocumentWritten): DocumentHint {
    const name = recordName(ref)
    const atMs = this.#world.nowMs
    // No two commits of a store share a time.
    const nowUs = Math.max(atMs * 1000, this.#lastUs + 1)
    this.#lastUs = nowUs
    const times = this.#times.get(name)
    if (after === undefined) this.#times.delete(name)
    else this.#times.set(name, { createdUs: before && times ? times.createdUs : nowUs, writtenUs: nowUs })
    // DynamoDB's streams and Cosmos' feed tell whole seconds.
    const untilMs = this.#isOrdered ? Math.floor(atMs / 1000) * 1000 : atMs
    const stood = { document: before, untilMs }
    // A change feed carries both halves of one batch.
    const left = {
      document: after,
      ...(record !== undefined && this.#isChangeFeed && { record: decodeRecord(record) }),
    }
    // As functions/azure/stood-before.ts and steps-in.ts read it: the oldest that is known is what the write left.
    if (before && this.#isChangeFeed && !this.#world.carriesBefore)
      return { ref, before: after ? [{ document: after }] : [], steps: [], left, atMs }
    if (this.#isOrdered) return { ref, before: [stood], steps: [{ before, after }], left, atMs }
    if (!before || !times) return { ref, before: [{ ...stood, writtenUs: nowUs - 1 }], steps: [], left, atMs }
    const createdMs = Math.floor(times.createdUs / 1000)
    return { ref, before: [{ ...stood, writtenUs: times.writtenUs, createdMs }], steps: [], left, atMs }
  }
}

/** A feed of all versions hands over every one of them. */
export function bothHints(earlier: DocumentHint, later: DocumentHint): DocumentHint {
  return {
    ...later,
    before: [...earlier.before, ...later.before],
    steps: [...earlier.steps, ...later.steps],
    left: later.left,
  }
}
