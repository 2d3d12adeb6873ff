/** What a site's stack on AWS makes under a name of its own, which nobody else in the account and region may have. */
import { alerts } from '../../infra/alerts.ts'
import { rootKeyNames } from '../../infra/root-keys.ts'
import {
  auditStoreName,
  changesName,
  deadLettersName,
  feedName,
  forwardName,
  functionName,
  givenUpName,
  syncStoreName,
  waitingName,
} from '../../shared/declare/resource-names.ts'
import { peersOf, type SitePlan, type SyncPlan, typesAt } from '../../shared/declare/sync-plan.ts'

export type AwsKind = 'table' | 'stream' | 'queue' | 'function' | 'topic' | 'key alias' | 'log group' | 'backup vault'

export interface AwsName {
  readonly kind: AwsKind
  readonly name: string
}

export function awsNames(plan: SyncPlan, site: SitePlan): readonly AwsName[] {
  const types = typesAt(plan, site.id)
  const peers = peersOf(plan, site.id).map(({ id }) => id)
  const own = types.filter(({ at }) => !at.aws.existing).map(({ at }) => at.aws)
  const functions = [
    functionName('capture'),
    functionName('publish'),
    ...peers.map(forwardName),
    functionName('ingest'),
    functionName('prune'),
  ]
  const names: Readonly<Record<AwsKind, readonly string[]>> = {
    table: [...own.map(({ table }) => table), syncStoreName, auditStoreName],
    stream: [...own.flatMap(({ table, feed }) => (feed === 'kinesis' ? [feedName(table)] : [])), changesName],
    queue: [deadLettersName, givenUpName, ...peers.map(waitingName)],
    function: functions,
    topic: alerts.map(({ to }) => `tributary-${to}`),
    'key alias': ['alias/tributary-data', ...rootKeyNames(site).map(name => `alias/tributary-root-${name}`)],
    'log group': [...functions.map(name => `/aws/lambda/${name}`), '/aws/apigateway/tributary-ingest'],
    'backup vault': ['tributary'],
  }
  return Object.entries(names).flatMap(([kind, all]) =>
    // The keys are those of the record above.
    [...new Set(all)].map(name => ({ kind: kind as AwsKind, name })),
  )
}
