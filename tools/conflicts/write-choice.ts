/**
 * A choice is a write like any other: made at one site, with that cloud's own client, into the application's own table.
 * It is captured there, replaces the versions that this site has seen, and reaches the others.
 */
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { CommandFailed } from '../cli/running-clouds.ts'
import { openWriter } from '../load/open-writer.ts'
import { localFolder } from '../local/local-folder.ts'
import { openClients, readEndpoints } from '../local/official-clients/open-clients.ts'

export async function writeChoice(
  { ref, type, site }: { readonly ref: RecordRef; readonly type: TypePlan; readonly site: string },
  document: Document | undefined,
): Promise<void> {
  if (document === undefined) return removeAt(site, ref)
  if (type.omit.length > 0) {
    throw new CommandFailed(
      `'${type.name}' has fields that never travel (${type.omit.join(', ')}), which a whole document would overwrite: write the choice with your own client at ${site}, then mark it as seen with --dismiss`,
    )
  }
  const endpoints = (await readEndpoints(localFolder().endpointsFile))[site]
  if (!endpoints) throw new CommandFailed(`${localFolder().endpointsFile} does not name ${site}: local down, then up`)
  const writer = await openWriter(type, endpoints)
  try {
    const [outcome] = await writer.put([{ ref, document }], 'overwrite')
    if (outcome !== 'written') {
      throw new CommandFailed(`${site} did not take it: ${typeof outcome === 'object' ? outcome.failed : outcome}`)
    }
  } finally {
    await writer.close()
  }
}

async function removeAt(site: string, { type, key }: RecordRef): Promise<void> {
  const clients = await openClients(localFolder().endpointsFile)
  try {
    await clients.find(client => client.site === site)?.remove(type, key)
  } finally {
    await Promise.all(clients.map(client => client.close()))
  }
}
