/** An application on DynamoDB. */
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { SiteEndpoints } from '../local-site.ts'
import type { ApplicationClient, FieldPath, Item, Value } from './application-client.ts'
import { type KeyText, keyFields, keyTextValue } from './place-text.ts'

export function openDynamoDb({ region, endpoints }: SiteEndpoints): DynamoDBClient {
  return new DynamoDBClient({
    region,
    ...(endpoints.dynamodb === undefined ? {} : { endpoint: endpoints.dynamodb }),
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  })
}

export function createAwsClient(site: string, at: SiteEndpoints): ApplicationClient {
  const { data } = at
  const client = openDynamoDb(at)
  const tableOf = (type: string) => String(data[type]?.table)
  const attributesOf = (type: string) => (data[type]?.attributes ?? []) as readonly KeyText[]
  const placeOf = (type: string, fields: Readonly<Record<string, unknown>>) =>
    toItem(Object.fromEntries(attributesOf(type).map(part => [part.attribute, keyTextValue(part, fields)])))
  const keyOf = (type: string, key: readonly string[]) => placeOf(type, keyFields(data[type], key))

  async function update(type: string, key: readonly string[], path: FieldPath, action: string, value?: Value) {
    const names = Object.fromEntries(path.map((name, index) => [`#p${index}`, name] as const))
    const place = path.map((_, index) => `#p${index}`).join('.')
    await client.send(
      new UpdateItemCommand({
        TableName: tableOf(type),
        Key: keyOf(type, key),
        UpdateExpression: action.replaceAll('$', place),
        ExpressionAttributeNames: { ...names, '#key': attributesOf(type)[0]?.attribute ?? '' },
        ...(value === undefined ? {} : { ExpressionAttributeValues: { ':v': toAttribute(value) } }),
        // Without this an update of a missing item would create it.
        ConditionExpression: 'attribute_exists(#key)',
      }),
    )
  }

  return {
    site,
    async put(type, document) {
      await client.send(
        new PutItemCommand({ TableName: tableOf(type), Item: { ...toItem(document), ...placeOf(type, document) } }),
      )
    },
    async read(type, key) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableOf(type), Key: keyOf(type, key), ConsistentRead: true }),
      )
      if (!Item) return undefined
      const added = attributesOf(type).map(({ attribute }) => attribute)
      const own = Object.entries(Item).filter(([name]) => !added.includes(name) || data[type]?.key.includes(name))
      return Object.fromEntries(own.map(([name, value]) => [name, fromAttribute(value)]))
    },
    async remove(type, key) {
      await client.send(new DeleteItemCommand({ TableName: tableOf(type), Key: keyOf(type, key) }))
    },
    set: (type, key, path, value) => update(type, key, path, 'SET $ = :v', value),
    unset: (type, key, path) => update(type, key, path, 'REMOVE $'),
    increment: (type, key, path, by) => update(type, key, path, 'SET $ = $ + :v', by),
    async close() {
      client.destroy()
    },
  }
}

function toItem(document: Item): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, toAttribute(value)]))
}

function toAttribute(value: Value): AttributeValue {
  if (value === null) return { NULL: true }
  if (typeof value === 'boolean') return { BOOL: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'string') return { S: value }
  if (isList(value)) return { L: value.map(toAttribute) }
  return { M: toItem(value) }
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

function fromAttribute(attribute: AttributeValue): Value {
  if (attribute.S !== undefined) return attribute.S
  if (attribute.N !== undefined) return Number(attribute.N)
  if (attribute.BOOL !== undefined) return attribute.BOOL
  if (attribute.L !== undefined) return attribute.L.map(fromAttribute)
  if (attribute.M !== undefined) {
    return Object.fromEntries(Object.entries(attribute.M).map(([name, value]) => [name, fromAttribute(value)]))
  }
  if (attribute.NULL !== undefined) return null
  throw new Error(`an attribute of type ${Object.keys(attribute).join()} has no JSON form`)
}
