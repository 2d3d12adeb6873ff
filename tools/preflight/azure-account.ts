/** Is a Cosmos DB account one that Tributary may work with? What its clients can see, and what only `az` tells. */
import { z } from 'zod'
import { accountFaults } from '../../functions/azure/account-check.ts'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { AzureAccess } from '../accounts/azure-access.ts'
import { reasonOf, saysForbidden, type Told, told, unknown } from '../accounts/told.ts'
import { type Findings, findingsAt, type SiteFinding } from './finding.ts'

const managed = z.object({
  backupPolicy: z.object({ type: z.string() }).nullish(),
  enableAllVersionsAndDeletesChangeFeed: z.boolean().nullish(),
  writeLocations: z.array(z.object({ locationName: z.string() })).default([]),
})

/** Yields nothing more where the account does not answer. `group`: its resource group, for `az`. */
export async function* checkCosmosAccount(
  access: AzureAccess,
  { region }: SitePlan,
  group: string | undefined,
): AsyncGenerator<SiteFinding> {
  const { cosmos, account } = access
  const say = findingsAt(`Cosmos account${account === undefined ? '' : ` ${account}`}`)
  if (!cosmos) {
    return yield say.unknown(
      'account',
      'not named: give --var cosmos_account=NAME (or --var prefix=PREFIX of a site that was deployed), or set COSMOS_ENDPOINT and COSMOS_KEY',
    )
  }
  const asked = await told(() => cosmos.getDatabaseAccount())
  if (asked.is === 'unknown' && saysForbidden(asked)) {
    yield say.unknown(
      'reads and writes',
      `${asked.reason}; reading it needs the role Cosmos DB Built-in Data Reader, or COSMOS_KEY`,
    )
  } else if (asked.is !== 'there') {
    yield say.refused(
      'account',
      `does not answer: ${reasonOf(asked)}`,
      'az login; the name is that of variable cosmos_account',
    )
    return
  } else yield* checkReads(say, asked.value.resource)
  yield* checkManaged(say, await managedAccount(access, group), region)
}

function* checkReads(say: Findings, account: Parameters<typeof accountFaults>[0]): Generator<SiteFinding> {
  const faults = accountFaults(account)
  for (const { found, needed } of faults) yield say.refused('reads and writes', found, needed)
  if (faults.length === 0) yield say.ok('reads and writes', `${account?.consistencyPolicy}, written in one region`)
}

async function managedAccount(
  { command, account, isLocal }: AzureAccess,
  group: string | undefined,
): Promise<Told<z.output<typeof managed>>> {
  if (!isLocal && (account === undefined || group === undefined)) {
    return unknown('give --var cosmos_account=NAME --var cosmos_resource_group=GROUP')
  }
  return command(['cosmosdb', 'show', '--name', account ?? '', '--resource-group', group ?? ''], managed)
}

async function* checkManaged(
  say: Findings,
  asked: Told<z.output<typeof managed>>,
  region: string,
): AsyncGenerator<SiteFinding> {
  const checks = ['backup', 'feed of deletions', 'region']
  if (asked.is !== 'there') {
    for (const check of checks) yield say.unknown(check, reasonOf(asked))
    return
  }
  const { backupPolicy, enableAllVersionsAndDeletesChangeFeed: hasFeed, writeLocations } = asked.value
  yield backupPolicy?.type === 'Continuous'
    ? say.ok('backup', 'continuous')
    : say.refused(
        'backup',
        `is ${backupPolicy?.type ?? 'not told'}; only an account with continuous backup has a feed of deletions`,
        'az cosmosdb update --name <account> --resource-group <group> --backup-policy-type Continuous (cannot be taken back)',
      )
  yield hasFeed
    ? say.ok('feed of deletions', 'is on')
    : say.warning(
        'feed of deletions',
        'is off, or not told by this version of az',
        'deploying switches it on, which takes up to half an hour',
      )
  const plain = (name: string) => name.replaceAll(' ', '').toLowerCase()
  const [write] = writeLocations
  yield !write || plain(write.locationName) === plain(region)
    ? say.ok('region', write?.locationName ?? 'not told')
    : say.refused(
        'region',
        `is written in ${write.locationName}; the site is declared in ${region}`,
        'declare the region in which the account is written: reads are current there and nowhere else',
      )
}
