/**
 * A choice is a write like any other: made at one site, with that cloud's own client, into the application's own table.
 * It is captured there, replaces the versions that this site has seen, and reaches the others.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { type Clouds, CommandFailed } from '../cli/clouds.ts'

export async function writeChoice(
  clouds: Clouds,
  { ref, type, site }: { readonly ref: RecordRef; readonly type: TypePlan; readonly site: string },
  document: Document | undefined,
): Promise<void> {
  if (document !== undefined && type.omit.length > 0) {
    throw new CommandFailed(
      `'${type.name}' has fields that never travel (${type.omit.join(', ')}), which a whole document would overwrite: write the choice with your own client at ${site}, then mark it as seen with --dismiss`,
    )
  }
  const writer = await clouds.openWriter(site, type)
  try {
    if (document === undefined) return await writer.remove(ref)
    const [outcome] = await writer.put([{ ref, document }], 'overwrite')
    if (outcome !== 'written') {
      throw new CommandFailed(`${site} did not take it: ${typeof outcome === 'object' ? outcome.failed : outcome}`)
    }
  } finally {
    await writer.close()
  }
}
