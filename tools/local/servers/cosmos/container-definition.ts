/** What a client says of a container, checked and completed as the service does. */
import { z } from 'zod'
import { jsonEquals } from '../../../../shared/document/json.ts'
import { assertId } from './item-limits.ts'
import { badRequest } from './refusal.ts'
import { assertTimeToLive } from './time-to-live.ts'

const levelsMax = 3

const path = z.string().regex(/^\/./, 'a path starts with / and names a property')

export const containerDefinitionSchema = z
  .object({
    id: z.string(),
    partitionKey: z
      .object({ paths: z.array(path), kind: z.enum(['Hash', 'MultiHash']).default('Hash') })
      .catchall(z.json()),
    defaultTtl: z.number().optional(),
    uniqueKeyPolicy: z.object({ uniqueKeys: z.array(z.object({ paths: z.array(path).min(1) })) }).optional(),
    indexingPolicy: z
      .object({
        compositeIndexes: z
          .array(z.array(z.object({ path, order: z.enum(['ascending', 'descending']).default('ascending') })))
          .optional(),
      })
      .catchall(z.json())
      .default({
        indexingMode: 'consistent',
        automatic: true,
        includedPaths: [{ path: '/*' }],
        excludedPaths: [{ path: '/"_etag"/?' }],
      }),
  })
  .catchall(z.json())

export type ContainerDefinition = z.infer<typeof containerDefinitionSchema>

/** Throws 400 for what no container can be. */
export function assertDefinition(definition: ContainerDefinition): void {
  assertId(definition.id)
  assertTimeToLive(definition.defaultTtl)
  const { paths, kind } = definition.partitionKey
  const levels = kind === 'Hash' ? 1 : levelsMax
  if (paths.length < 1 || paths.length > levels)
    throw badRequest(`A partition key of kind ${kind} has 1 to ${levels} paths, not ${paths.length}.`)
}

/** Throws 400: partition key and unique keys are for life. */
export function assertReplaces(before: ContainerDefinition, after: ContainerDefinition): void {
  if (after.id !== before.id) throw badRequest('Replacing the id of a container is not allowed.')
  const { paths, kind } = before.partitionKey
  if (!jsonEquals(after.partitionKey.paths, paths) || after.partitionKey.kind !== kind)
    throw badRequest('Document collection partition key cannot be changed.')
  if (!jsonEquals(uniqueKeys(after), uniqueKeys(before)))
    throw badRequest('The unique index cannot be modified. To change it, remove the collection and recreate a new one.')
}

/** Each a list of paths whose values together must differ within a logical partition. */
export function uniqueKeys(definition: ContainerDefinition): readonly (readonly string[])[] {
  return (definition.uniqueKeyPolicy?.uniqueKeys ?? []).map(({ paths }) => paths)
}
