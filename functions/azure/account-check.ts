/**
 * May this account be worked with? A merge compares the document with the one it knows of. Where a read may show the
 * state before the last write (session and weaker levels), the old state looks like the application taking its write
 * back, and that "write" would travel to all sites. A client cannot ask for more than the account promises, so such
 * an account is refused before anything is read.
 *
 * Source: https://learn.microsoft.com/azure/cosmos-db/consistency-levels
 */
import type { CosmosClient, DatabaseAccount } from '@azure/cosmos'
import { StoreUnavailable } from '../../shared/ports/index.ts'
import { readDeadline } from './cosmos-client.ts'
import { storeFailure } from './store-errors.ts'

const currentLevels: ReadonlySet<string> = new Set(['BoundedStaleness', 'Strong'])

/**
 * The account cannot be used as it is: `message` says what was found and which command changes it. Nothing is wrong
 * with any change, so all of them wait.
 */
export class AccountUnsuited extends StoreUnavailable {
  constructor(found: string, needed: string) {
    super(`${found}; ${needed}`)
    this.name = 'AccountUnsuited'
  }
}

/**
 * To be awaited before every use of the account. Costs one request, once; a failed check is made again.
 * Rejects with `AccountUnsuited`, or with `StoreUnavailable` if the account does not answer.
 */
export function createAccountCheck(client: CosmosClient): () => Promise<void> {
  let checked: Promise<void> | undefined
  return () => {
    checked ??= assertSuited(client).catch((error: unknown) => {
      checked = undefined
      throw storeFailure(error)
    })
    return checked
  }
}

const update = 'az cosmosdb update --name <account> --resource-group <group>'

async function assertSuited(client: CosmosClient): Promise<void> {
  const { resource } = await client.getDatabaseAccount(readDeadline())
  const [fault] = accountFaults(resource)
  if (fault) throw new AccountUnsuited(fault.found, fault.needed)
}

export interface AccountFault {
  readonly found: string
  readonly needed: string
}

type AccountSettings = Pick<DatabaseAccount, 'consistencyPolicy' | 'enableMultipleWritableLocations'>

export function accountFaults(account: Partial<AccountSettings> | undefined): readonly AccountFault[] {
  const level = String(account?.consistencyPolicy)
  return [
    ...(currentLevels.has(level)
      ? []
      : [
          {
            found: `the Cosmos account's default consistency is ${level}, under which a read may miss the last write`,
            needed:
              `needed is BoundedStaleness or Strong: ${update} --default-consistency-level BoundedStaleness ` +
              '--max-interval 300 --max-staleness-prefix 100000',
          },
        ]),
    ...(account?.enableMultipleWritableLocations
      ? [
          {
            found: 'the Cosmos account is written in several regions, where two writes can both succeed on one etag',
            needed: `needed is one write region: ${update} --enable-multiple-write-locations false`,
          },
        ]
      : []),
  ]
}
