/**
 * One workload by all systems in turn: three replicas with the same document are edited without knowing of each other,
 * their updates are encoded, and each is applied at the other two. In every round all systems are given the same edits,
 * in an order that is drawn anew; ratios are taken within a round.
 */
import { isDeepStrictEqual } from 'node:util'
import { brotliCompressSync, constants } from 'node:zlib'
import { Random } from '../../simulation/random.ts'
import { type Model, replicas } from './system.ts'

/** As sync records are. */
const compression = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

export interface Workload<Shape, Edit> {
  readonly document: Shape
  /** For each replica. */
  readonly edits: (seed: number) => readonly (readonly Edit[])[]
  readonly rounds: number
}

/** Of all three replicas together, us. */
export interface Times {
  /** The edits. */
  readonly editUs: number
  /** Every update encoded once, decoded and merged twice. */
  readonly mergeUs: number
  readonly readUs: number
}

export interface RoundFigures extends Times {
  /** Of the three updates. */
  readonly shippedBytes: number
  /** Of one replica, after all: as it is stored, the merge state's part of it, and all of it compressed with brotli. */
  readonly storedBytes: number
  readonly stateBytes: number
  readonly compressedBytes: number
}

export interface Contender<Shape, Edit> {
  readonly name: string
  readonly model: Model<Shape, Edit>
}

/** The figures of each contender, round by round; those of the first ones, while code is being compiled, are left out. */
export async function measureRounds<Shape, Edit>(
  contenders: readonly Contender<Shape, Edit>[],
  { document, edits, rounds }: Workload<Shape, Edit>,
): Promise<ReadonlyMap<string, readonly RoundFigures[]>> {
  const bases = new Map(contenders.map(({ name, model }) => [name, model.create(document)]))
  const figures = new Map(contenders.map(({ name }): [string, RoundFigures[]] => [name, []]))
  const random = new Random(1)
  const warmUp = Math.ceil(rounds / 4)
  for (let round = 0; round < warmUp + rounds; round++) {
    const all = edits(round)
    for (const { name, model } of shuffled(contenders, random)) {
      const measured = measureRound(name, model, bases.get(name) ?? new Uint8Array(), all)
      if (round >= warmUp) figures.get(name)?.push(measured)
    }
    // Lets an interruption through, and memory outside the heap be given back.
    await new Promise(setImmediate)
  }
  return figures
}

function measureRound<Shape, Edit>(
  name: string,
  model: Model<Shape, Edit>,
  base: Uint8Array,
  edits: readonly (readonly Edit[])[],
): RoundFigures {
  const open = replicas.map(replica => model.open(base, replica))
  const startedMs = performance.now()
  for (const [index, replica] of open.entries()) for (const edit of edits[index] ?? []) replica.edit(edit)
  const editedMs = performance.now()
  const updates = open.map(replica => replica.update())
  for (const [index, replica] of open.entries()) {
    for (const [from, update] of updates.entries()) if (from !== index) replica.apply(update)
  }
  const mergedMs = performance.now()
  const documents = open.map(replica => replica.read())
  const readMs = performance.now()

  const [first, ...others] = documents
  for (const other of others) {
    if (!isDeepStrictEqual(first, other)) {
      throw new Error(`${name} did not converge: ${JSON.stringify(first)} is not ${JSON.stringify(other)}`)
    }
  }
  const stored = open[0]?.stored() ?? new Uint8Array()
  const stateBytes = open[0]?.storedStateBytes?.() ?? stored.length
  for (const replica of open) replica.close()
  return {
    editUs: (editedMs - startedMs) * 1000,
    mergeUs: (mergedMs - editedMs) * 1000,
    readUs: (readMs - mergedMs) * 1000,
    shippedBytes: updates.reduce((sum, { length }) => sum + length, 0),
    storedBytes: stored.length,
    stateBytes,
    // What is compressed already does not get smaller.
    compressedBytes: Math.min(stored.length, brotliCompressSync(stored, compression).length),
  }
}

function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  return items
    .map(item => [random.next(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}
