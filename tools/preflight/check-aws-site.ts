/** The account of an AWS site against the plan. Asks only; changes nothing. */
import { DescribeLimitsCommand } from '@aws-sdk/client-dynamodb'
import { DescribeLimitsCommand as DescribeStreamLimitsCommand } from '@aws-sdk/client-kinesis'
import { z } from 'zod'
import { peersOf, type SitePlan, type SyncPlan, type TypePlan, typesAt } from '../../shared/declare/sync-plan.ts'
import type { AwsAccess } from '../accounts/aws-access.ts'
import { reasonOf, saysForbidden, told } from '../accounts/told.ts'
import { checkExistingTable } from './aws-existing-table.ts'
import { awsNames } from './aws-names.ts'
import { checkAwsNames } from './aws-taken-names.ts'
import { findingsAt, type SiteFinding } from './finding.ts'

/** Names with which AWS says that credentials are none, or none any more; also where a region is not switched on. */
const saysInvalid =
  /^(UnrecognizedClient|InvalidSignature|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|IncompleteSignature|CredentialsProvider)/

export async function* checkAwsSite(access: AwsAccess, plan: SyncPlan, site: SitePlan): AsyncGenerator<SiteFinding> {
  const say = findingsAt('account')
  const limits = await told(() => access.dynamoDb.send(new DescribeLimitsCommand({})))
  const identity = await access.command(['sts', 'get-caller-identity'], z.object({ Account: z.string() }))
  const accountId = identity.is === 'there' ? identity.value.Account : undefined
  // Who may not ask for limits is known all the same. The clients may have other credentials than the command line.
  if (
    limits.is === 'unknown' &&
    (saysInvalid.test(limits.reason) || (!saysForbidden(limits) && accountId === undefined))
  ) {
    return yield say.refused(
      'credentials',
      `DynamoDB in ${site.region} cannot be asked: ${limits.reason}`,
      'set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; aws sts get-caller-identity shows whose they are',
    )
  }
  yield say.ok('credentials', `${accountId ?? 'an account'} answers in ${site.region}`)
  yield* checkQuotas(access, plan, site)
  yield* checkPreparations(access, site)
  for (const types of existingTables(typesAt(plan, site.id))) yield* checkExistingTable(access, types)
  yield* checkAwsNames(access, { site: site.id, region: site.region, accountId, names: awsNames(plan, site) })
}

/** By table: the types in it. */
function existingTables(types: readonly TypePlan[]): readonly (readonly [TypePlan, ...TypePlan[]])[] {
  const byTable = Map.groupBy(
    types.filter(({ at }) => at.aws.existing),
    ({ at }) => at.aws.table,
  )
  return [...byTable.values()].flatMap(([first, ...others]) => (first ? [[first, ...others] as const] : []))
}

const accountSettings = z.object({ AccountLimit: z.object({ ConcurrentExecutions: z.number() }) })

/** What runs at the same moment where every trigger has something: each table's and each peer's stream, and ingest. */
function busyAtOnce(plan: SyncPlan, site: SitePlan): number {
  const tables = new Set(typesAt(plan, site.id).map(({ at }) => at.aws.table)).size
  return tables + 1 + 2 * peersOf(plan, site.id).length + 1
}

async function* checkQuotas(access: AwsAccess, plan: SyncPlan, site: SitePlan): AsyncGenerator<SiteFinding> {
  const say = findingsAt('quotas')
  const settings = await access.command(['lambda', 'get-account-settings'], accountSettings)
  if (settings.is !== 'there') {
    yield say.unknown('instances of Lambda', reasonOf(settings))
  } else {
    const { ConcurrentExecutions: most } = settings.value.AccountLimit
    const needed = busyAtOnce(plan, site)
    yield most >= needed
      ? say.ok('instances of Lambda', `${most} at once; ${needed} are busy where all triggers have something`)
      : say.warning(
          'instances of Lambda',
          `${most} at once in the whole account; ${needed} are busy where all triggers have something: changes would wait`,
          'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000',
        )
  }
  const streams = await told(() => access.kinesis.send(new DescribeStreamLimitsCommand({})))
  if (streams.is !== 'there') {
    return yield say.unknown('streams of Kinesis', reasonOf(streams))
  }
  const { OnDemandStreamCount: have = 0, OnDemandStreamCountLimit: most = 0 } = streams.value
  const more = awsNames(plan, site).filter(({ kind }) => kind === 'stream').length
  yield have + more <= most
    ? say.ok('streams of Kinesis', `${have} on demand, of ${most}; the site makes ${more}`)
    : say.warning(
        'streams of Kinesis',
        `${have} on demand, of ${most}; the site makes ${more}, unless they are there already`,
        'ask for more on-demand data streams in Service Quotas (Amazon Kinesis Data Streams)',
      )
}

const backupSettings = z.object({ ResourceTypeOptInPreference: z.record(z.string(), z.boolean()) })

async function* checkPreparations({ command }: AwsAccess, { region }: SitePlan): AsyncGenerator<SiteFinding> {
  const say = findingsAt('account')
  const bootstrap = await command(['cloudformation', 'describe-stacks', '--stack-name', 'CDKToolkit'], z.unknown())
  if (bootstrap.is === 'unknown') yield say.unknown('bootstrap', bootstrap.reason)
  else if (bootstrap.is === 'there') yield say.ok('bootstrap', 'CDKToolkit is there')
  else yield say.warning('bootstrap', `no CDKToolkit in ${region}`, `npx cdk bootstrap aws://ACCOUNT/${region}`)
  const backup = await command(['backup', 'describe-region-settings'], backupSettings)
  if (backup.is !== 'there') {
    return yield say.unknown('backups', reasonOf(backup))
  }
  yield backup.value.ResourceTypeOptInPreference.DynamoDB === true
    ? say.ok('backups', 'AWS Backup takes tables of DynamoDB')
    : say.warning(
        'backups',
        'AWS Backup does not take tables of DynamoDB here: the daily backup would fail',
        'aws backup update-region-settings --resource-type-opt-in-preference DynamoDB=true',
      )
}
