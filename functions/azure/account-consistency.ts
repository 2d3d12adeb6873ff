/**
 * May this account be worked with? A merge compares the document with the one it knows of. Where a read may show the
 * state before the last write (session and weaker levels), the old state looks like the application taking its write
 * back, and that "write" would travel to all sites. A client cannot ask for more than the account promises, so such
 * an account is refused before anything is read.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/consistency-levels
 */
import type { CosmosClient } from '@azure/cosmos'
import { askCosmos } from './cosmos-client.ts'

const currentLevels: readonly string[] = ['BoundedStaleness', 'Strong']

/** The account cannot be used as it is: `message` says what was found and which command changes it. */
export class AccountUnsuited extends Error {
  constructor(found: string, remedy: string) {
    super(`the Cosmos account cannot be used: ${found}. ${remedy}`)
    this.name = 'AccountUnsuited'
  }
}

/** Rejects with `AccountUnsuited`, or with `StoreUnavailable` if the account does not answer. */
export async function assertReadsAreCurrent(client: CosmosClient): Promise<void> {
  const { resource } = await askCosmos(abortSignal => client.getDatabaseAccount({ abortSignal }))
  const level = String(resource?.consistencyPolicy)
  if (!currentLevels.includes(level)) {
    throw new AccountUnsuited(
      `its default consistency is ${level}, under which a read may show a document from before its last write`,
      'Needed is BoundedStaleness or Strong: az cosmosdb update --name <account> --resource-group <group> ' +
        '--default-consistency-level BoundedStaleness --max-interval 300 --max-staleness-prefix 100000',
    )
  }
  if (resource?.enableMultipleWritableLocations) {
    throw new AccountUnsuited(
      'it is written in several regions, where two writes can both succeed on the same etag',
      'Needed is one write region: az cosmosdb update --name <account> --resource-group <group> ' +
        '--enable-multiple-write-locations false',
    )
  }
}
