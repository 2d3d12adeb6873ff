/**
 * The bus: a queue for every peer, and one for the dead letters. The account takes no keys; it keeps what it holds in
 * three zones of this region and nowhere else.
 *
 * A message that a function fails at is set aside by the Functions host in a queue with `-poison` behind its name.
 * Forward never fails (functions/azure/forward-queue.ts), but may be killed a thousand times in a row.
 */
import { deadLettersName, forwardName, queueAccountName } from '../../shared/declare/resource-names.ts'
import { peersOf } from '../../shared/declare/sync-plan.ts'
import type { TypedResource } from '../terraform/typed-resource.ts'
import { snakeCase } from '../terraform/variable.ts'
import { azure } from './azure.ts'
import { placed, type SiteContext } from './site-context.ts'

export interface Queues {
  readonly account: TypedResource
  readonly ready: readonly TypedResource[]
  /** Scope of permissions. */
  queueId(name: string): string
}

const nameLengthMax = 63

/** Undefined: there can be no such queue, and the message stays where it is. The longest of sites' names are so long. */
export function poisonName(queue: string): string | undefined {
  const name = `${queue}-poison`
  return name.length <= nameLengthMax ? name : undefined
}

/** Also of the accounts with the packages, and with what the Functions host keeps. */
export function createStorageAccount(context: SiteContext, id: string, name: string): TypedResource {
  return azure(
    context.scope,
    id,
    'azurerm_storage_account',
    {
      name,
      ...placed(context),
      account_kind: 'StorageV2',
      account_tier: 'Standard',
      account_replication_type: 'ZRS',
      shared_access_key_enabled: false,
      default_to_oauth_authentication: true,
      local_user_enabled: false,
      allow_nested_items_to_be_public: false,
      cross_tenant_replication_enabled: false,
      https_traffic_only_enabled: true,
      infrastructure_encryption_enabled: true,
      // There is no higher minimum; clients speak 1.3.
      min_tls_version: 'TLS1_2',
    },
    { preventDestroy: id === 'bus' },
  )
}

export function createQueues(context: SiteContext): Queues {
  const { scope, plan, site, prefix } = context
  const account = createStorageAccount(context, 'bus', queueAccountName(prefix))
  const forwards = peersOf(plan, site.id).map(({ id }) => forwardName(id))
  const names = [...forwards, ...forwards.flatMap(name => poisonName(name) ?? []), deadLettersName]
  const queues = names.map(name =>
    azure(scope, snakeCase(name.replace('tributary-', '')), 'azurerm_storage_queue', {
      name,
      storage_account_id: account.id,
    }),
  )
  return { account, ready: queues, queueId: name => `${account.id}/queueServices/default/queues/${name}` }
}
