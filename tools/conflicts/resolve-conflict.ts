/** One conflict is looked at: what was chosen is written, if it does not stand already, and the review goes into the audit. */
import { readFile } from 'node:fs/promises'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import { type Document, isJsonObject, type Json, jsonEquals } from '../../shared/document/json.ts'
import { withoutFields } from '../../shared/document/portable.ts'
import { createHere, dataTypeOf } from '../../shared/replicate/here.ts'
import { type ReviewEntry, reviewEntry } from '../../shared/replicate/review-entry.ts'
import { type Clouds, CommandFailed, requireSite, requireType } from '../cli/clouds.ts'
import { type RecordAtSite, recordAtSites, sitesAgree } from '../cli/commands/get.ts'
import { documentOfSite } from './chosen-document.ts'
import type { Conflict } from './open-conflicts.ts'
import { conflictOf } from './read-conflicts.ts'
import { writeChoice } from './write-choice.ts'

/** What to choose: one of `take`, `value` and `dismiss`. */
export interface Choice {
  readonly type: string
  /** The site whose version it is. */
  readonly take?: string
  /** The file with the document. */
  readonly value?: string
  /** It is well as it is. */
  readonly dismiss?: true
  /** Where to write it. */
  readonly at?: string
  /** Who decides. */
  readonly by: string
}

/** Answers with the review, all its entries named. Throws `CommandFailed`. */
export async function resolveConflict(clouds: Clouds, key: string, choice: Choice): Promise<ReviewEntry> {
  if (choice.take === undefined && choice.value === undefined && !choice.dismiss) {
    throw new CommandFailed('say what to choose: --take SITE, --value FILE, or --dismiss to leave it as it is')
  }
  for (const site of [choice.take, choice.at]) if (site !== undefined) requireSite(clouds, site)
  const conflict = await conflictOf(clouds, choice.type, key)
  const { type, site } = placeOf(clouds, choice)
  const sites = await recordAtSites(clouds, choice.type, conflict.key)
  const present = documentAt(sites[site])
  const chosen = await chosenDocument(choice, conflict, type, present)
  const outcome = choice.dismiss ? 'dismissed' : sitesAgree(sites) && jsonEquals(chosen, present) ? 'stood' : 'written'
  if (outcome === 'written') {
    if (chosen) refuseMisfit(clouds, { type, site }, chosen)
    await writeChoice(clouds, { ref: { type: type.name, key: conflict.key }, type, site }, chosen)
  }
  return putReview(clouds, conflict, { origin: site, by: choice.by, outcome, ...(chosen && { chosen }) })
}

function placeOf(clouds: Clouds, { type: name, take, at }: Choice) {
  const type = requireType(clouds, name)
  const site = at ?? take ?? type.sites[0]
  if (site !== undefined && type.sites.includes(site)) return { type, site }
  throw new CommandFailed(`${site} does not hold '${name}'; write elsewhere with --at: ${type.sites.join(', ')}`)
}

async function chosenDocument(
  { take, value }: Choice,
  conflict: Conflict,
  { key }: TypePlan,
  present: Document | undefined,
): Promise<Document | undefined> {
  if (take !== undefined) return documentOfSite(conflict, take, present)
  if (value === undefined) return present
  // The key is in the record's name; a file may repeat it.
  return withoutFields(await documentIn(value), key)
}

async function documentIn(file: string): Promise<Document> {
  let value: Json
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new CommandFailed(`--value ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (!isJsonObject(value)) throw new CommandFailed(`--value ${file}: a document is an object of fields`)
  return value
}

/** The control protocol's answer is JSON, whatever a record holds. */
function documentAt(record: RecordAtSite | undefined): Document | undefined {
  const document = record?.document as Json | undefined
  return isJsonObject(document) ? document : undefined
}

function refuseMisfit(
  { plan }: Clouds,
  { type, site }: { readonly type: TypePlan; readonly site: string },
  document: Document,
): void {
  const misfit = dataTypeOf(createHere(plan, site), type.name).record.misfit(document)
  if (misfit)
    throw new CommandFailed(`the document does not fit '${type.name}': ${misfit.path.join('.')}: ${misfit.reason}`)
}

async function putReview(
  clouds: Clouds,
  { type, key, entries }: Conflict,
  review: Pick<ReviewEntry, 'origin' | 'by' | 'outcome' | 'chosen'>,
): Promise<ReviewEntry> {
  const about = { type, key, atMs: Date.now(), ...review }
  for (const [site, own] of Map.groupBy(entries, entry => entry.site)) {
    const entry = reviewEntry({ ...about, site, entries: own.map(({ id }) => id) })
    await clouds.ask(site, { ask: 'put-audit', entries: [entry] })
  }
  return reviewEntry({ ...about, site: review.origin, entries: entries.map(({ id }) => id) })
}
