/**
 * What no single setting of `at` shows: a key that could not be read back from where it is placed, and two types that
 * would take each other's items. Every fault is one line: the path, what was found, and what is allowed.
 */
import { isCosmosOwn } from '../document/portable.ts'
import { mayMeet, parseTemplate, templateFault } from './key-template.ts'
import { namedFields } from './merge-descriptor.ts'
import { isNumberKey, type Placement } from './placement.ts'
import { cosmosSyncMark, feedName } from './resource-names.ts'
import type { Cloud, TypePlan } from './sync-plan.ts'

type PlacedType = Pick<TypePlan, 'name' | 'key' | 'keyTypes' | 'merge' | 'at'>

/** The faults of one type's placement at the clouds that hold it. */
export function placementFaults(type: PlacedType, clouds: ReadonlySet<Cloud>): readonly string[] {
  const path = `data.${type.name}`
  return [
    ...(clouds.has('aws') ? awsFaults(type, path) : []),
    ...(clouds.has('gcp') ? gcpFaults(type, path) : []),
    ...(clouds.has('azure') ? azureFaults(type, path) : []),
  ]
}

/** Of a Kinesis stream. */
const streamNameMax = 128

function awsFaults({ key, merge, at: { aws } }: PlacedType, path: string): readonly string[] {
  const place = `${path}.at.aws.key`
  if (aws.key.length > 2) {
    const found = `found ${aws.key.length} attributes; allowed: one or two, a partition key and a sort key`
    return aws.key.length === key.length && aws.key.every(({ attribute }, index) => attribute === key[index])
      ? [
          `${path}.key: found ${JSON.stringify(key)}; allowed: one or two fields, or at.aws.key says how they make two attributes`,
        ]
      : [`${place}: ${found}`]
  }
  const merged = namedFields(merge)
  const feed = feedName(aws.table)
  return [
    ...(aws.feed === 'kinesis' && feed.length > streamNameMax
      ? [
          `${path}.at.aws.table: '${aws.table}' with feed 'kinesis' is too long; allowed: ${streamNameMax - feedName('').length} characters`,
        ]
      : []),
    ...aws.key.flatMap(({ attribute, template }) => templateFaults(`${place}.${attribute}`, template)),
    ...coverageFaults(
      place,
      key,
      aws.key.map(({ template }) => template),
      'once',
    ),
    ...aws.key.flatMap(({ attribute, template }) => [
      ...(merged.includes(attribute) && !key.includes(attribute)
        ? [`${place}.${attribute}: found a field that merges; a key never changes`]
        : []),
      ...(key.includes(attribute) && template !== `{${attribute}}`
        ? [`${place}.${attribute}: found '${template}'; a key field's own attribute holds just '{${attribute}}'`]
        : []),
    ]),
  ]
}

const firestoreReserved = /^(\.{1,2}|__.*__)$/s

function gcpFaults({ key, at: { gcp } }: PlacedType, path: string): readonly string[] {
  const place = `${path}.at.gcp`
  const segments = gcp.collection.split('/')
  const collections = segments.filter((_, index) => index % 2 === 0)
  const documents = segments.filter((_, index) => index % 2 === 1)
  const named = collections.every(
    segment => segment !== '' && !/[{}]/.test(segment) && !firestoreReserved.test(segment),
  )
  if (segments.length % 2 === 0 || !named) {
    return [
      `${place}.collection: found '${gcp.collection}'; allowed: collection/document/collection/..., where key fields stand in documents only, such as 'customers/{customer_id}/carts'`,
    ]
  }
  return [
    ...documents.flatMap(segment => templateFaults(`${place}.collection`, segment)),
    ...templateFaults(`${place}.id`, gcp.id),
    ...coverageFaults(place, key, [...documents, gcp.id], 'once'),
  ]
}

function azureFaults({ key, at: { azure } }: PlacedType, path: string): readonly string[] {
  const place = `${path}.at.azure`
  const { attribute, template } = azure.partition
  const id = '{id}'
  return [
    ...templateFaults(`${place}.partitionKey`, template),
    ...templateFaults(`${place}.id`, azure.id),
    ...coverageFaults(place, key, [template, azure.id], 'at least once'),
    ...(attribute === 'id' ? [`${place}.partitionKey: found 'id'; ${partitionedById}`] : []),
    ...(attribute !== 'id' && cosmosReason(attribute) !== undefined
      ? [`${place}.partitionKey: found '${attribute}'; ${cosmosReason(attribute)}`]
      : []),
    ...(key.includes(attribute) && template !== `{${attribute}}`
      ? [
          `${place}.partitionKey.${attribute}: found '${template}'; a key field's own property holds just '{${attribute}}'`,
        ]
      : []),
    ...(key.includes('id') && azure.id !== id
      ? [`${place}.id: found '${azure.id}'; the key field 'id' is the id of its item, so just '${id}'`]
      : []),
    ...key.flatMap(field => {
      const reason = field === 'id' ? undefined : cosmosReason(field)
      return reason === undefined ? [] : [`${path}.key: found '${field}'; ${reason}`]
    }),
  ]
}

const partitionedById =
  'a document and its sync record are written in one batch, which needs one partition for both, and their ids differ; partition by another key field or a property of its own: { pk: ... }'

/** Why no key field and no partition key on Cosmos can have this name. */
function cosmosReason(name: string): string | undefined {
  if (name === 'ttl') return 'it decides on Cosmos DB when an item expires; use another'
  if (name === cosmosSyncMark) return 'it marks the sync records on Cosmos DB; use another'
  return isCosmosOwn(name) ? 'Cosmos DB has a property of its own by this name; use another' : undefined
}

function templateFaults(path: string, template: string): readonly string[] {
  const fault = templateFault(template)
  return fault === undefined ? [] : [`${path}: found '${template}', which ${fault}`]
}

function coverageFaults(
  path: string,
  key: readonly string[],
  templates: readonly string[],
  times: 'once' | 'at least once',
): readonly string[] {
  const used = templates.flatMap(template => parseTemplate(template).fields)
  const unknown = [...new Set(used)].filter(field => !key.includes(field))
  return [
    ...unknown.map(field => `${path}: found '{${field}}'; allowed: the key fields ${key.join(', ')}`),
    ...key.flatMap(field => {
      const count = used.filter(name => name === field).length
      if (count === 1 || (count > 1 && times === 'at least once')) return []
      return [`${path}: '{${field}}' stands there ${count} times; allowed: each key field ${times}`]
    }),
  ]
}

/** The faults of types that share a table, a collection or a container at some site. */
export function sharingFaults(a: PlacedType, b: PlacedType, clouds: ReadonlySet<Cloud>): readonly string[] {
  return [
    ...(clouds.has('aws') ? awsSharing(a, b) : []),
    ...(clouds.has('gcp') ? gcpSharing(a, b) : []),
    ...(clouds.has('azure') ? azureSharing(a, b) : []),
  ]
}

const parse = (templates: readonly string[]) => templates.map(parseTemplate)
const bothMayMeet = (a: readonly string[], b: readonly string[]) => {
  const others = parse(b)
  return parse(a).every((template, index) => mayMeet(template, others[index] ?? template))
}

function awsSharing(a: PlacedType, b: PlacedType): readonly string[] {
  const [here, there] = [a.at.aws, b.at.aws]
  if (here.table !== there.table) return []
  const path = `data.${b.name}.at.aws`
  const shape = (type: PlacedType) => {
    const { key, existing, feed } = type.at.aws
    return JSON.stringify([
      key.map(({ attribute, template }) => [attribute, isNumberKey(type, template)]),
      existing,
      feed,
    ])
  }
  if (shape(a) !== shape(b)) {
    return [
      `${path}: table '${there.table}' is also that of ${a.name}, with other key attributes, feed or owner; allowed: the same`,
    ]
  }
  const templates = ({ aws }: Placement) => aws.key.map(({ template }) => template)
  return bothMayMeet(templates(a.at), templates(b.at)) ? [meeting(`${path}.key`, a, templates(b.at))] : []
}

function gcpSharing(a: PlacedType, b: PlacedType): readonly string[] {
  const segments = ({ gcp }: Placement) => [...gcp.collection.split('/'), gcp.id]
  const [here, there] = [segments(a.at), segments(b.at)]
  if (here.length !== there.length || !bothMayMeet(here, there)) return []
  return [meeting(`data.${b.name}.at.gcp`, a, there)]
}

function azureSharing(a: PlacedType, b: PlacedType): readonly string[] {
  const [here, there] = [a.at.azure, b.at.azure]
  if (here.container !== there.container || here.database !== there.database) return []
  const path = `data.${b.name}.at.azure`
  if (here.partition.attribute !== there.partition.attribute || here.existing !== there.existing) {
    return [
      `${path}: container '${there.container}' is also that of ${a.name}, with another partition key or owner; allowed: the same`,
    ]
  }
  const templates = ({ azure }: Placement) => [azure.partition.template, azure.id]
  return bothMayMeet(templates(a.at), templates(b.at)) ? [meeting(path, a, templates(b.at))] : []
}

function meeting(path: string, other: PlacedType, templates: readonly string[]): string {
  return `${path}: found ${templates.map(text => `'${text}'`).join(' and ')}, which may also be a key of ${other.name}; allowed: texts that begin or end differently`
}
