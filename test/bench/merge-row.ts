/**
 * What does merging alone cost beside the libraries that people would pick for it, and what becomes of what users meant?
 * The merge types by themselves, no flow, no store; systems take turns in one process (see crdt/measure.ts).
 */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { BenchRow, FigureTable } from './bench-row.ts'
import type { RoundFigures } from './crdt/measure.ts'
import type { MergeMessage, WorkloadFigures } from './crdt/messages.ts'
import { installPackage } from './install-package.ts'
import { median } from './measure-flows.ts'
import type { OpenOptions } from './open-options.ts'

const folder = join(import.meta.dirname, 'crdt')

type Measured = Extract<MergeMessage, { readonly kind: 'measured' }>

export const mergeRow: BenchRow = {
  name: 'merge',
  about: 'merging a cart and a profile at three replicas, beside json-joy, yjs, loro and automerge',
  async measure(options) {
    await installPackage('the libraries to merge beside', folder, options)
    const { workloads, verdicts } = await inOwnProcess(options)
    const named = Map.groupBy(verdicts, ({ scenario }) => scenario)
    return [
      ...workloads.map(figuresOf),
      {
        title: 'Two replicas write at once: is what both meant kept?',
        rows: [...named].map(([scenario, of]) => ({
          scenario,
          ...Object.fromEntries(of.map(({ system, verdict }) => [system, verdict])),
        })),
        notes: ['Each library as its documentation has it, quantities as counters. Goal: five of five.'],
      },
    ]
  },
}

/** Rejects when the signal is aborted, once the process has ended. */
async function inOwnProcess({ onProgress, signal }: OpenOptions): Promise<Measured> {
  signal.throwIfAborted()
  const child = fork(join(folder, 'merge-process.ts'), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', '--no-deprecation'],
  })
  const end = () => child.kill('SIGKILL')
  signal.addEventListener('abort', end)
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-2000)
  })
  let result: Measured | undefined
  child.on('message', (message: MergeMessage) => {
    if (message.kind === 'progress') onProgress(`merge: ${message.text}`)
    else result = message
  })
  await new Promise(resolve => child.once('close', resolve))
  signal.removeEventListener('abort', end)
  signal.throwIfAborted()
  if (!result) throw new Error(`merging ended without a result:\n${said}`)
  return result
}

function figuresOf({ workload, systems }: WorkloadFigures): FigureTable {
  const ours = systems[0]?.rounds ?? []
  const rounds = ours.length
  return {
    title: `Merging, ${workload}`,
    rows: systems.map(({ name, rounds: theirs }) => ({
      system: name,
      'total us': medianOf(theirs, totalUs),
      edits: medianOf(theirs, ({ editUs }) => editUs),
      merges: medianOf(theirs, ({ mergeUs }) => mergeUs),
      reading: medianOf(theirs, ({ readUs }) => readUs),
      'ours to it': medianRatio(ours, theirs, totalUs),
      'shipped bytes': medianOf(theirs, ({ shippedBytes }) => shippedBytes),
      'shipped, ours to it': medianRatio(ours, theirs, ({ shippedBytes }) => shippedBytes),
      'stored bytes': medianOf(theirs, ({ storedBytes }) => storedBytes),
      'of it state': medianOf(theirs, ({ stateBytes }) => stateBytes),
      compressed: medianOf(theirs, ({ compressedBytes }) => compressedBytes),
      'state, ours to it': medianRatio(ours, theirs, ({ stateBytes }) => stateBytes),
    })),
    notes: [
      `Three replicas with the same document, 20 edits of each, one update from each to the two others; medians of ${rounds} rounds.`,
      'edits: every one a write of its own. merges: three updates encoded, each decoded and merged twice. reading: the document at',
      'all three. Ratios are taken within a round. Shipped: the three updates, not compressed, without addresses and envelopes.',
      'Stored: one replica, after all; of ours the whole sync record as DynamoDB has it, its state compressed. compressed: the same',
      goals[workload] ?? '',
    ],
  }
}

const goals: Readonly<Record<string, string>> = {
  cart: 'for all. Goals: 0.75 of json-joy and 0.4 of yjs in time, shipped 1.2 of yjs, state 1.0 of json-joy.',
  profile: 'for all. Goals: 0.9 of json-joy in time, shipped 1.2 of yjs.',
}

type Figure = (figures: RoundFigures) => number

const totalUs: Figure = ({ editUs, mergeUs, readUs }) => editUs + mergeUs + readUs

function medianOf(rounds: readonly RoundFigures[], figure: Figure): number {
  return median(rounds.map(figure))
}

function medianRatio(ours: readonly RoundFigures[], theirs: readonly RoundFigures[], figure: Figure): number {
  return median(
    ours.map((round, index) => {
      const other = theirs[index]
      return other ? figure(round) / figure(other) : Number.NaN
    }),
  )
}
