/**
 * One run with texts through the real flows, with all the faults of the other runs: applications at three sites that edit the
 * same one or two texts, delete them and make them anew, and homes that move. The seed decides everything.
 */
import type { SiteId } from '../../shared/causality/dot.ts'
import { jsonEquals } from '../../shared/document/json.ts'
import type { RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { CommitJournal } from './commit-journal.ts'
import { type Clerks, deadLettersOf, differing, runDecisions, type SimulateOptions } from './decision-run.ts'
import type { Run } from './run-records.ts'
import type { SimulatedSite } from './site.ts'
import { TextEdits } from './text-edits.ts'
import { bodyOf, TextModel } from './text-model.ts'
import type { World } from './world.ts'

const noted: readonly RecordRef[] = ['n1', 'n2'].map(key => ({ type: 'notes', key: [key] }))

export function simulate(seed: number, options: SimulateOptions = {}): Promise<Run> {
  return runDecisions(seed, options, {
    journal: () => new TextJournal(),
    clerks: world => new Writers(world),
    refs: noted,
    phasesMax: 3,
    check: checkTexts,
    summary: state => state,
  }).then(({ run }) => run)
}

class Writers implements Clerks {
  readonly refs: readonly RecordRef[]
  readonly #world: World
  readonly #texts: TextEdits
  readonly #deletes: number

  constructor(world: World) {
    const { random } = world
    this.#world = world
    this.#texts = new TextEdits(random)
    this.refs = noted.slice(0, random.between(1, noted.length))
    this.#deletes = random.chance(0.3) ? 0.1 : 0
  }

  act(site: SimulatedSite): void {
    const { random } = this.#world
    this.#write(site, random.pick(this.refs), random.chance(this.#deletes))
  }

  #write(site: SimulatedSite, ref: RecordRef, isDeletion: boolean): void {
    try {
      site.database.write(ref, document =>
        isDeletion ? undefined : { ...document, body: this.#texts.edited(bodyOf(document)) },
      )
    } catch {
      // In a transaction: an SDK tries again.
      this.#world.after(this.#world.random.between(5, 40), () => this.#write(site, ref, isDeletion))
    }
  }
}

class TextJournal extends CommitJournal {
  readonly #models = new Map<string, TextModel>()

  model(name: string): TextModel {
    const known = this.#models.get(name) ?? new TextModel()
    this.#models.set(name, known)
    return known
  }

  noteRecord(site: SiteId, write: RecordWritten): void {
    const { name, old, captured } = this.commits.note(site, write)
    if (!captured?.after || jsonEquals(captured.before, captured.after)) return
    this.model(name).note(captured.before, captured.after, old.state)
  }
}

function checkTexts(sites: readonly SimulatedSite[], journal: TextJournal): readonly string[] {
  const faults = [...journal.refs.values()].flatMap(ref => {
    const name = recordName(ref)
    const found = journal.model(name).faults(sites[0]?.database.document(ref))
    return [...differing(ref, sites), ...found.map(fault => `${name}: ${fault}`)]
  })
  return [...faults, ...deadLettersOf(sites)]
}
