/**
 * Where a data type lies at each cloud: its table, collection or container, and what of the key stands where. All of it
 * is derived from the type's name and key unless the declaration says otherwise.
 */

import { parseTemplate } from './key-template.ts'
import { cosmosDatabaseName } from './resource-names.ts'

/** How capture hears of writes to a table: its DynamoDB stream, or a Kinesis stream that DynamoDB feeds. */
export type TableFeed = 'stream' | 'kinesis'

export interface KeyAttribute {
  readonly attribute: string
  /** Just `{field}`: the key field's own value, also a number. */
  readonly template: string
}

export interface AwsPlacement {
  readonly table: string
  /** Somebody else made the table and owns it. */
  readonly existing: boolean
  readonly feed: TableFeed
  /** The table's partition key and, if it has one, its sort key. */
  readonly key: readonly KeyAttribute[]
  /** Whether an item that a merge creates holds the key fields as attributes of their own too. */
  readonly keyAttributes: boolean
}

export interface GcpPlacement {
  /** From the top of the database: `carts`, `customers/{customer_id}/carts`. */
  readonly collection: string
  readonly id: string
  /** The id is ours, so that one too long for the store is its hash. */
  readonly hashesLongIds: boolean
}

export interface AzurePlacement {
  readonly database: string
  readonly container: string
  readonly existing: boolean
  /** The property that the container is partitioned by. */
  readonly partition: KeyAttribute
  readonly id: string
  readonly hashesLongIds: boolean
}

export interface Placement {
  readonly aws: AwsPlacement
  readonly gcp: GcpPlacement
  readonly azure: AzurePlacement
}

interface KeyPlan {
  readonly key: readonly string[]
  readonly keyTypes: readonly ('string' | 'number')[]
}

/** As it is declared: what is left out is derived. */
export interface DeclaredPlacement {
  readonly aws?: {
    readonly table?: string | undefined
    readonly existing?: boolean | undefined
    readonly feed?: TableFeed | undefined
    readonly key?: { readonly [attribute: string]: string } | undefined
    readonly keyAttributes?: boolean | undefined
  }
  readonly gcp?: { readonly collection?: string | undefined; readonly id?: string | undefined }
  readonly azure?: {
    readonly database?: string | undefined
    readonly container?: string | undefined
    readonly existing?: boolean | undefined
    readonly partitionKey?: string | { readonly [property: string]: string } | undefined
    readonly id?: string | undefined
  }
}

/** Between the fields of a derived id. */
const idSeparator = '|'

/** The partition key of a type whose whole key is `id`, which Cosmos cannot also partition by. */
const partitionOfId = 'pk'

export function placementOf(name: string, key: readonly string[], { aws, gcp, azure }: DeclaredPlacement): Placement {
  return {
    aws: {
      table: aws?.table ?? name,
      existing: aws?.existing ?? false,
      feed: aws?.feed ?? 'stream',
      key: aws?.key
        ? Object.entries(aws.key).map(([attribute, template]) => ({ attribute, template }))
        : key.map(itself),
      keyAttributes: aws?.keyAttributes ?? true,
    },
    gcp: gcpPlacement(name, key, gcp),
    azure: {
      database: azure?.database ?? cosmosDatabaseName,
      container: azure?.container ?? name,
      existing: azure?.existing ?? false,
      partition: partitionOf(key, azure?.partitionKey),
      id: azure?.id ?? (key.includes('id') ? '{id}' : joined(key)),
      hashesLongIds: azure?.id === undefined && !key.includes('id'),
    },
  }
}

function gcpPlacement(name: string, key: readonly string[], gcp: DeclaredPlacement['gcp']): GcpPlacement {
  const collection = gcp?.collection ?? name
  const inPath = collection.split('/').flatMap(segment => parseTemplate(segment).fields)
  return {
    collection,
    id: gcp?.id ?? joined(key.filter(field => !inPath.includes(field))),
    hashesLongIds: gcp?.id === undefined,
  }
}

function partitionOf(
  key: readonly string[],
  declared: NonNullable<DeclaredPlacement['azure']>['partitionKey'],
): KeyAttribute {
  if (typeof declared === 'object') {
    const [[attribute, template] = ['', '']] = Object.entries(declared)
    return { attribute, template }
  }
  const field = declared ?? key.find(name => name !== 'id')
  return field === undefined ? { attribute: partitionOfId, template: '{id}' } : itself(field)
}

function itself(field: string): KeyAttribute {
  return { attribute: field, template: `{${field}}` }
}

function joined(fields: readonly string[]): string {
  return fields.map(field => `{${field}}`).join(idSeparator)
}

/** Whether what a template makes is stored as a number: just a number of the key. */
export function isNumberKey({ key, keyTypes }: KeyPlan, template: string): boolean {
  return key.some((field, index) => template === `{${field}}` && keyTypes[index] === 'number')
}

/** Which documents a trigger hears of, as Eventarc's path pattern: `customers/{key1}/carts/{id}`. */
export function documentPattern({ collection }: GcpPlacement): string {
  const segments = collection.split('/').map((segment, index) => (index % 2 === 0 ? segment : `{key${index}}`))
  return [...segments, '{id}'].join('/')
}
