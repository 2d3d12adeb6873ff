/**
 * Is what a site's stack makes free to be made? CloudFormation refuses a name that is taken, in the middle of a deployment.
 * What is tagged as ours by a stack that is there will be updated; what a removed stack left has to be imported.
 */
import { DescribeTableCommand, ListTagsOfResourceCommand } from '@aws-sdk/client-dynamodb'
import { DescribeStreamSummaryCommand, ListTagsForStreamCommand } from '@aws-sdk/client-kinesis'
import { DescribeKeyCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms'
import { GetQueueUrlCommand, ListQueueTagsCommand } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import type { AwsAccess } from '../accounts/aws-access.ts'
import { reasonOf, type Told, there, told, unknown } from '../accounts/told.ts'
import type { AwsKind, AwsName } from './aws-names.ts'
import { findingsAt, type SiteFinding } from './finding.ts'

type Tags = Readonly<Record<string, string>>

/** What stands there by this name: its tags, or why they are not told. */
interface Holder {
  readonly tags: Told<Tags>
}

const describedStack = z
  .object({ Stacks: z.tuple([z.object({ StackId: z.string(), StackStatus: z.string() })]) })
  .transform(({ Stacks: [stack] }) => stack)
type Stack = z.output<typeof describedStack>

/** A stack in such a state can only be deleted: what it made, and retains, is in the way of the next one. */
const deadStatus = /^(ROLLBACK_|DELETE_|CREATE_FAILED)/

export interface NamesAsked {
  readonly site: string
  readonly region: string
  /** Undefined: not known. */
  readonly accountId: string | undefined
  readonly names: readonly AwsName[]
}

export async function* checkAwsNames(access: AwsAccess, asked: NamesAsked): AsyncGenerator<SiteFinding> {
  const stacks = new Map<string, Told<Stack>>()
  const stackNamed = async (name: string) => {
    const known =
      stacks.get(name) ??
      (await access.command(['cloudformation', 'describe-stacks', '--stack-name', name], describedStack))
    stacks.set(name, known)
    return known
  }
  for (const name of asked.names) yield await checkName(access, asked, name, stackNamed)
}

async function checkName(
  access: AwsAccess,
  asked: NamesAsked,
  { kind, name }: AwsName,
  stackNamed: (name: string) => Promise<Told<Stack>>,
): Promise<SiteFinding> {
  const say = findingsAt(`${kind} ${name}`)
  const holder = await holders[kind](access, name, asked)
  if (holder.is === 'missing') return say.ok('name', 'free: will be made')
  if (holder.is === 'unknown') return say.unknown('name', holder.reason)
  if (access.isLocal) return say.ok('name', 'made by the local clouds')
  const { tags } = holder.value
  if (tags.is !== 'there') {
    return say.unknown('name', `is there; whose it is, is not told: ${reasonOf(tags)}`)
  }
  if (tags.value['tributary-site'] !== asked.site) {
    const other = tags.value['tributary-site']
    return say.refused(
      'name',
      other === undefined ? 'taken by something that is not ours' : `taken by site ${other}`,
      kind === 'table'
        ? 'if it holds the data that is meant, declare at: { aws: { existing: true } }; otherwise name another table in at.aws.table'
        : 'one site for each account and region: take another account or region, or remove what is there',
    )
  }
  const { 'aws:cloudformation:stack-name': stack, 'aws:cloudformation:stack-id': stackId } = tags.value
  if (stack === undefined || stackId === undefined) return say.unknown('name', 'ours; of which stack is not told')
  const standing = await stackNamed(stack)
  if (standing.is === 'unknown') return say.unknown('name', `ours; whether its stack is there: ${standing.reason}`)
  if (standing.is === 'there' && standing.value.StackId === stackId && !deadStatus.test(standing.value.StackStatus)) {
    return say.ok('name', `ours, of stack ${stack}`)
  }
  const isDead = standing.is === 'there' && standing.value.StackId === stackId
  return say.refused(
    'name',
    isDead ? `of stack ${stack}, which is ${standing.value.StackStatus}` : 'stayed from a stack that is gone',
    `${isDead ? `aws cloudformation delete-stack --stack-name ${stack}; then ` : ''}take it into the new stack with npx cdk import, or remove it (docs/uninstall.md)`,
  )
}

type LookUp = (access: AwsAccess, name: string, asked: NamesAsked) => Promise<Told<Holder>>

const tagList = z.array(z.object({ Key: z.string(), Value: z.string().default('') }))
const tagRecord = z.record(z.string(), z.string())
const capitalTags = z.object({ Tags: tagRecord.default({}) }).transform(({ Tags: tags }) => tags)

function tagsFrom(list: unknown): Tags {
  return Object.fromEntries(tagList.parse(list ?? []).map(({ Key, Value }) => [Key, Value]))
}

async function holder(found: Told<unknown>, tags: () => Promise<Told<Tags>>): Promise<Told<Holder>> {
  return found.is === 'there' ? there({ tags: await tags() }) : found
}

const holders: Readonly<Record<AwsKind, LookUp>> = {
  async table({ dynamoDb }, TableName) {
    const found = await told(() => dynamoDb.send(new DescribeTableCommand({ TableName })))
    return holder(found, () =>
      told(async () => {
        const ResourceArn = found.is === 'there' ? found.value.Table?.TableArn : undefined
        return tagsFrom((await dynamoDb.send(new ListTagsOfResourceCommand({ ResourceArn }))).Tags)
      }),
    )
  },
  async stream({ kinesis }, StreamName) {
    const found = await told(() => kinesis.send(new DescribeStreamSummaryCommand({ StreamName })))
    return holder(found, () =>
      told(async () => tagsFrom((await kinesis.send(new ListTagsForStreamCommand({ StreamName }))).Tags)),
    )
  },
  async queue({ sqs }, QueueName) {
    const found = await told(() => sqs.send(new GetQueueUrlCommand({ QueueName })))
    return holder(found, () =>
      told(async () => {
        const QueueUrl = found.is === 'there' ? found.value.QueueUrl : undefined
        return (await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags ?? {}
      }),
    )
  },
  async 'key alias'({ kms, isLocal }, KeyId) {
    if (isLocal) return unknown('the local clouds have no KMS')
    const found = await told(() => kms.send(new DescribeKeyCommand({ KeyId })))
    return holder(found, () =>
      told(async () => {
        const id = found.is === 'there' ? found.value.KeyMetadata?.KeyId : undefined
        const { Tags: list = [] } = await kms.send(new ListResourceTagsCommand({ KeyId: id }))
        return Object.fromEntries(list.map(({ TagKey = '', TagValue = '' }) => [TagKey, TagValue]))
      }),
    )
  },
  async function({ command }, name) {
    const found = await command(['lambda', 'get-function', '--function-name', name], capitalTags)
    return holder(found, async () => found)
  },
  async topic({ command }, name, { region, accountId }) {
    if (accountId === undefined) return unknown('the account’s id is not known')
    const arn = `arn:${partitionOf(region)}:sns:${region}:${accountId}:${name}`
    const found = await command(['sns', 'get-topic-attributes', '--topic-arn', arn], z.unknown())
    const shape = z.object({ Tags: tagList }).transform(({ Tags: list }) => tagsFrom(list))
    return holder(found, () => command(['sns', 'list-tags-for-resource', '--resource-arn', arn], shape))
  },
  async 'log group'({ command }, name) {
    const shape = z.object({
      logGroups: z.array(z.object({ logGroupName: z.string(), logGroupArn: z.string().optional() })),
    })
    const found = await command(['logs', 'describe-log-groups', '--log-group-name-prefix', name], shape)
    if (found.is !== 'there') return found
    // What it answers begins alike.
    const group = found.value.logGroups.find(({ logGroupName }) => logGroupName === name)
    if (!group) return { is: 'missing' }
    return holder(found, async () => {
      if (group.logGroupArn === undefined) return unknown('its ARN is not told')
      const tags = z.object({ tags: tagRecord.default({}) }).transform(answer => answer.tags)
      return command(['logs', 'list-tags-for-resource', '--resource-arn', group.logGroupArn], tags)
    })
  },
  // Described by name, a vault that is not there is one that may not be asked for.
  async 'backup vault'({ command }, name) {
    const shape = z.object({
      BackupVaultList: z.array(z.object({ BackupVaultName: z.string(), BackupVaultArn: z.string() })),
    })
    const found = await command(['backup', 'list-backup-vaults'], shape)
    if (found.is !== 'there') return found
    const vault = found.value.BackupVaultList.find(({ BackupVaultName }) => BackupVaultName === name)
    if (!vault) return { is: 'missing' }
    return holder(found, () => command(['backup', 'list-tags', '--resource-arn', vault.BackupVaultArn], capitalTags))
  },
}

export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}
