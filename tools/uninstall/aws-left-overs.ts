/** DynamoDB: the tables of Tributary's own. Nothing lies in the application's tables, whoever made them. */
import {
  DeleteTableCommand,
  DescribeTableCommand,
  ListTagsOfResourceCommand,
  UpdateTableCommand,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import { auditStoreName, syncStoreName } from '../../shared/declare/resource-names.ts'
import type { SitePlan } from '../../shared/declare/sync-plan.ts'
import type { AwsAccess } from '../accounts/aws-access.ts'
import { reasonOf, told } from '../accounts/told.ts'
import { type LeftOver, type LeftOverOptions, NotRemoved } from './left-over.ts'

export function awsLeftOvers(access: AwsAccess, site: SitePlan, { withAudit }: LeftOverOptions): readonly LeftOver[] {
  return [syncStoreName, ...(withAudit ? [auditStoreName] : [])].map(name => ownTable(access, site, name))
}

/** A large table takes minutes. */
const deletionS = 600

function ownTable({ dynamoDb, isLocal }: AwsAccess, { id }: SitePlan, TableName: string): LeftOver {
  const describe = () => told(() => dynamoDb.send(new DescribeTableCommand({ TableName })))
  return {
    place: `table ${TableName}`,
    async find() {
      const asked = await describe()
      if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
      if (asked.is === 'missing') return undefined
      const { Table: table } = asked.value
      if (!isLocal) await requireTag(table?.TableArn)
      // DynamoDB counts every six hours.
      return `${table?.TableArn}, of some ${table?.ItemCount ?? 0} items`
    },
    async remove(onProgress) {
      const asked = await describe()
      if (asked.is === 'missing') return
      if (asked.is === 'unknown') throw new NotRemoved(asked.reason)
      const { Table: table } = asked.value
      if (!isLocal) await requireTag(table?.TableArn)
      if (table?.DeletionProtectionEnabled) {
        await dynamoDb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }))
      }
      await dynamoDb.send(new DeleteTableCommand({ TableName }))
      await waitUntilTableNotExists({ client: dynamoDb, maxWaitTime: deletionS, minDelay: 1 }, { TableName })
      onProgress(table?.ItemCount ?? 0)
    },
  }

  /** A table of this name that the site did not make stays. */
  async function requireTag(ResourceArn: string | undefined): Promise<void> {
    const tags = await told(() => dynamoDb.send(new ListTagsOfResourceCommand({ ResourceArn })))
    const isOurs =
      tags.is === 'there' && tags.value.Tags?.some(({ Key, Value }) => Key === 'tributary-site' && Value === id)
    if (isOurs) return
    throw new NotRemoved(
      tags.is === 'there' ? `${TableName} has no tag tributary-site = ${id}: it stays` : reasonOf(tags),
    )
  }
}
