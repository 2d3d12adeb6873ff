/** An Azure site: as whoever `az` is signed in as, or with keys that the environment has of its accounts. */
import { CosmosClient, type CosmosClientOptions } from '@azure/cosmos'
import type { Account } from '../../functions/azure/account.ts'
import { createCosmosClient } from '../../functions/azure/cosmos-client.ts'
import { createQueueService } from '../../functions/azure/queue-client.ts'
import { queueAccountName } from '../../shared/declare/resource-names.ts'
import { createCosmosWriter } from '../load/cosmos-writer.ts'
import { azureStores } from '../stores/azure-stores.ts'
import { cosmosAccountOf } from './azure-access.ts'
import { cosmosAt, queuesAt } from './azure-accounts.ts'
import { cloudCommand } from './cloud-command.ts'
import { type OpenSite, type OpenSiteOptions, SiteNotOpened } from './open-site.ts'

export async function openAzureSite({ plan, site, variables, environment }: OpenSiteOptions): Promise<OpenSite> {
  const { subscription_id: subscription, prefix } = variables
  const command = cloudCommand('az', subscription ? ['--subscription', subscription] : [])
  const reached = cosmosAt({ environment, account: cosmosAccountOf(variables), command })
  if (!reached?.endpoint) {
    throw new SiteNotOpened(
      site.id,
      'nobody says which Cosmos DB account: --var prefix=PREFIX or --var cosmos_account=NAME, or COSMOS_CONNECTION_STRING',
    )
  }
  const bus = queuesAt({ environment, account: prefix && queueAccountName(prefix), command })
  if (!bus) {
    throw new SiteNotOpened(
      site.id,
      'nobody says which Storage account has its queues: --var prefix=PREFIX, or AZURE_STORAGE_CONNECTION_STRING',
    )
  }
  const cosmos = createCosmosClient(accountOf(reached, reached.endpoint))
  return {
    stores: azureStores({ plan, site: site.id, cosmos, queues: createQueueService(bus) }),
    openWriter: type => createCosmosWriter(new CosmosClient(reached), type),
    clock: reached.endpoint,
    close: async () => cosmos.dispose(),
  }
}

function accountOf({ key, aadCredentials: credential }: CosmosClientOptions, endpoint: string): Account {
  return credential ? { endpoint, credential } : `AccountEndpoint=${endpoint};AccountKey=${key};`
}
