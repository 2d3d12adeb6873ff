/**
 * Measures all systems in one process of its own: the libraries' memory and compiled code are gone with it, and an
 * interruption ends it at once. Ends when it has told its result, or with its parent.
 */
import { automerge } from './automerge.ts'
import { jsonJoy } from './json-joy.ts'
import { loro } from './loro.ts'
import { type Contender, measureRounds, type Workload } from './measure.ts'
import type { MergeMessage, WorkloadFigures } from './messages.ts'
import { scenarios, verdictOf } from './scenarios.ts'
import type { System } from './system.ts'
import { tributary } from './tributary.ts'
import { cart, cartEdits, profile, profileEdits } from './workloads.ts'
import { yjs } from './yjs.ts'

const systems: readonly System[] = [tributary, jsonJoy, yjs, loro, automerge]
const rounds = 400

const tell = (message: MergeMessage, told?: () => void) => process.send?.(message, undefined, undefined, told)

async function measured<Shape, Edit>(
  workload: string,
  contenders: readonly Contender<Shape, Edit>[],
  work: Workload<Shape, Edit>,
): Promise<WorkloadFigures> {
  tell({ kind: 'progress', text: `${workload}, ${work.rounds} rounds of ${contenders.length} systems` })
  const figures = await measureRounds(contenders, work)
  return { workload, systems: [...figures].map(([name, of]) => ({ name, rounds: of })) }
}

process.on('disconnect', () => process.exit(0))

const verdicts = systems.flatMap(system =>
  scenarios.map(scenario => ({
    scenario: scenario.name,
    system: system.name,
    verdict: verdictOf(system, scenario),
  })),
)
const workloads = [
  await measured(
    'cart',
    systems.map(({ name, cart: model }) => ({ name, model })),
    { document: cart, edits: cartEdits, rounds },
  ),
  await measured(
    'profile',
    systems.map(({ name, profile: model }) => ({ name, model })),
    { document: profile, edits: profileEdits, rounds },
  ),
]
tell({ kind: 'measured', workloads, verdicts }, () => process.disconnect?.())
