/**
 * Can a container that somebody else made be used as the declaration has it? Sync items will lie in it beside the documents
 * (docs/protocol.md), which two kinds of containers do not allow for.
 */
import type { ContainerDefinition } from '@azure/cosmos'
import { cosmosSyncMark } from '../../shared/declare/resource-names.ts'
import type { TypePlan } from '../../shared/declare/sync-plan.ts'
import type { AzureAccess } from '../accounts/azure-access.ts'
import { told } from '../accounts/told.ts'
import { type Findings, findingsAt, type SiteFinding } from './finding.ts'

/** `types`: those in the container, at least one. */
export async function* checkExistingContainer(
  { cosmos }: AzureAccess,
  types: readonly [TypePlan, ...TypePlan[]],
): AsyncGenerator<SiteFinding> {
  const [type] = types
  const { database, container } = type.at.azure
  const say = findingsAt(`container ${database}/${container}`)
  if (!cosmos) return yield say.unknown('container', 'its account is not named')
  const asked = await told(() => cosmos.database(database).container(container).read())
  if (asked.is === 'unknown') return yield say.unknown('container', asked.reason)
  const definition = asked.is === 'there' ? asked.value.resource : undefined
  if (!definition) {
    return yield say.refused(
      'container',
      'is not there, and is declared as existing',
      'make it, or take existing out of at.azure: then it is made with the site',
    )
  }
  yield say.ok(
    'container',
    `is there. Sync items will lie beside its documents: queries over all of it add WHERE NOT IS_DEFINED(c.${cosmosSyncMark})`,
  )
  yield checkPartitionKey(say, type, definition)
  yield checkUniqueKeys(say, definition)
  yield checkTimeToLive(say, types, definition)
}

function checkPartitionKey(say: Findings, type: TypePlan, { partitionKey }: ContainerDefinition): SiteFinding {
  const found = (partitionKey?.paths ?? []).map(propertyIn)
  const { attribute } = type.at.azure.partition
  if (found.length === 1 && found[0] === attribute) return say.ok('partition key', `/${attribute}`)
  if (found.length > 1) {
    return say.refused(
      'partition key',
      `has ${found.length} levels: ${found.map(name => `/${name}`).join(', ')}`,
      'hierarchical partition keys are not supported; move the items into a container with one of them',
    )
  }
  return say.refused(
    'partition key',
    `is /${found[0] ?? ''}; declared is /${attribute}`,
    `declare the one that it has (at.azure.partitionKey of ${type.name}): it never changes`,
  )
}

/** `/customer_id`, `/"customer-id"`. A path with further levels stays one. */
function propertyIn(path: string): string {
  const name = path.slice(1)
  return name.startsWith('"') ? String(JSON.parse(name)) : name
}

function checkUniqueKeys(say: Findings, { uniqueKeyPolicy }: ContainerDefinition): SiteFinding {
  const keys = uniqueKeyPolicy?.uniqueKeys ?? []
  if (keys.length === 0) return say.ok('unique keys', 'none')
  return say.refused(
    'unique keys',
    `has some: ${keys.map(({ paths }) => paths.join(' with ')).join('; ')}. Sync items have none of these properties, so a partition holds one of them`,
    'unique keys are for life: move the items into a container without. Two sites can each accept what is unique at each, anyway',
  )
}

function checkTimeToLive(say: Findings, types: readonly TypePlan[], { defaultTtl }: ContainerDefinition): SiteFinding {
  const isDeclared = types.some(({ expires }) => expires !== undefined)
  if (defaultTtl !== undefined && defaultTtl > 0) {
    return say.warning(
      'time to live',
      `removes whatever was not written for ${defaultTtl} s, here and at no other site`,
      'set it to -1 (az cosmosdb sql container update --ttl -1) and let documents expire by a declared field',
    )
  }
  if (isDeclared && defaultTtl === undefined) {
    return say.refused(
      'time to live',
      'is off, and a type in it is declared with expires: nothing would expire here',
      'az cosmosdb sql container update --account-name <account> --resource-group <group> --database-name <database> --name <container> --ttl -1',
    )
  }
  return say.ok('time to live', defaultTtl === undefined ? 'off' : 'where an item says so')
}
