/** The conflicts that wait for somebody. */
import { z } from 'zod'
import { emptyVector, type VersionVector } from '../../shared/causality/version-vector.ts'
import { isQuarantine } from '../../shared/replicate/audit-entry.ts'
import { keyFromText, recordName } from '../../shared/replicate/record-ref.ts'
import { type Clouds, CommandFailed } from '../cli/clouds.ts'
import { type AuditQuestion, readAudit } from '../cli/read-audit.ts'
import { type Conflict, openConflicts } from './open-conflicts.ts'

const vectorAnswer = z.object({ vector: z.record(z.string(), z.number()) })

export async function readConflicts(clouds: Clouds, question: AuditQuestion): Promise<readonly Conflict[]> {
  const { type, key, sites } = question
  const flagged = await readAudit(clouds, { ...question, review: true })
  // A review is as young as it likes, wherever it was written.
  const about = { ...(type !== undefined && { type }), ...(key && { key }), ...(sites && { sites }) }
  const reviews = flagged.length === 0 ? [] : await readAudit(clouds, { ...about, rule: 'review' })
  const vectors = new Map<string, VersionVector>()
  for (const entry of flagged.filter(isQuarantine)) {
    const ref = { type: entry.type, key: [...entry.key] }
    const { vector } = vectorAnswer.parse(await clouds.ask(entry.site, { ask: 'record', ...ref }))
    vectors.set(`${entry.site} ${recordName(ref)}`, vector)
  }
  return openConflicts(flagged, reviews, (site, ref) => vectors.get(`${site} ${recordName(ref)}`) ?? emptyVector)
}

/** Of one record. Throws `CommandFailed` if nothing of it waits. */
export async function conflictOf(clouds: Clouds, type: string, key: string): Promise<Conflict> {
  const [conflict] = await readConflicts(clouds, { type, key: keyFromText(key) })
  if (conflict) return conflict
  throw new CommandFailed(
    `nothing of ${type}/${key} waits for a review; npx tributary conflicts list says what does, npx tributary audit --type ${type} --key '${key}' what there was`,
  )
}
