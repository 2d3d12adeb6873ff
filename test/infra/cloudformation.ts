/** A synthesised template, as the tests look at it: parsed, and with references followed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.any()).default({}),
  DeletionPolicy: z.string().optional(),
  DependsOn: z.union([z.array(z.string()), z.string().transform(one => [one])]).optional(),
})
const template = z.object({
  Parameters: z.record(z.string(), z.object({ AllowedPattern: z.string().optional(), Default: z.string().optional() })),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
})

export type Resource = z.output<typeof resource>
export type Template = z.output<typeof template>

export function readTemplate(assembly: string, stack: string): Template {
  return template.parse(JSON.parse(readFileSync(join(assembly, `${stack}.template.json`), 'utf8')))
}

export function resourcesOf({ Resources }: Template, type: string): readonly Resource[] {
  return Object.values(Resources).filter(({ Type }) => Type === type)
}

/** Every resource of a type under the name that it has in the account. */
export function namedResources(from: Template, type: string): ReadonlyMap<string, Resource> {
  return new Map(resourcesOf(from, type).map(resource => [nameOf(resource), resource]))
}

/** Empty: it has none, or one that a deployment makes up. */
export function nameOf({ Properties: properties }: Resource): string {
  const { TableName, FunctionName, QueueName, LogGroupName, TopicName, AlarmName, BackupVaultName, Name } = properties
  const name =
    TableName ?? FunctionName ?? QueueName ?? LogGroupName ?? TopicName ?? AlarmName ?? BackupVaultName ?? Name
  return typeof name === 'string' ? name : ''
}

/** What a `Ref` or `Fn::GetAtt` points to, with the attribute: `tributary-sync.StreamArn`, `products.Arn`. */
export function pointsTo(template: Template, reference: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': joined } = Object(reference)
  // A part of a resource, such as an index of a table.
  if (joined) return `${pointsTo(template, joined[1][0])}${joined[1].slice(1).join('')}`
  const [id, name] = attribute ?? [Ref]
  const target = template.Resources[id]
  if (!target) throw new Error(`points to no resource: ${JSON.stringify(reference)}`)
  const named = nameOf(target) || aliasOf(template, id)
  return name === undefined ? named : `${named}.${name}`
}

/** A key has no name of its own. */
function aliasOf(template: Template, key: string): string {
  const alias = resourcesOf(template, 'AWS::KMS::Alias').find(
    ({ Properties }) => Properties.TargetKeyId?.['Fn::GetAtt']?.[0] === key,
  )
  return alias?.Properties.AliasName ?? ''
}

/** The text that CloudFormation makes of a property, given what parameters and resources stand for. */
export function textOf(value: unknown, known: (name: string) => string): string {
  if (typeof value === 'string') return value
  const { Ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = Object(value)
  if (typeof Ref === 'string') return known(Ref)
  if (attribute) return known(attribute.join('.'))
  const [separator, parts] = z.tuple([z.string(), z.array(z.unknown())]).parse(join)
  return parts.map(part => textOf(part, known)).join(separator)
}

export function functionNamed(from: Template, name: string): Resource {
  const found = namedResources(from, 'AWS::Lambda::Function').get(name)
  if (!found) throw new Error(`no function ${name}`)
  return found
}

export interface Trigger {
  readonly function: string
  readonly source: string
  readonly properties: Resource['Properties']
}

export function triggersIn(from: Template): readonly Trigger[] {
  return resourcesOf(from, 'AWS::Lambda::EventSourceMapping').map(({ Properties: properties }) => ({
    function: pointsTo(from, properties.FunctionName),
    source: pointsTo(from, properties.EventSourceArn),
    properties,
  }))
}

const oneOrMore = <Value extends z.ZodType>(value: Value) => z.union([z.array(value), value.transform(one => [one])])
const rolePolicy = z.object({
  Roles: z.tuple([z.object({ Ref: z.string() })]),
  PolicyDocument: z.object({
    Statement: z.array(
      z.object({
        Effect: z.literal('Allow'),
        Action: oneOrMore(z.string()),
        Resource: oneOrMore(z.record(z.string(), z.unknown())),
        Condition: z.unknown().optional(),
      }),
    ),
  }),
})

export interface Statement {
  readonly Action: readonly string[]
  readonly Condition?: unknown
}

/** What the policies of all roles allow. */
export function statementsIn(from: Template): readonly Statement[] {
  return resourcesOf(from, 'AWS::IAM::Policy').flatMap(
    ({ Properties }) => rolePolicy.parse(Properties).PolicyDocument.Statement,
  )
}

/** `action on resource` of everything that the policies of a function's role allow. */
export function allowedTo(from: Template, name: string): readonly string[] {
  const [role] = functionNamed(from, name).Properties.Role['Fn::GetAtt']
  return resourcesOf(from, 'AWS::IAM::Policy')
    .map(({ Properties }) => rolePolicy.parse(Properties))
    .filter(({ Roles }) => Roles[0].Ref === role)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      Action.flatMap(action => Resource.map(on => `${action} on ${pointsTo(from, on)}`)),
    )
    .toSorted()
}

/** The names of a table's key attributes, in order. Throws unless all of them are strings. */
export function tableKey({ Properties: { KeySchema, AttributeDefinitions } }: Resource): readonly string[] {
  const schema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })).parse(KeySchema)
  const names = schema.map(({ AttributeName }) => AttributeName)
  const definitions = z.array(z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N']) }))
  // An index has attributes of its own.
  for (const { AttributeName, AttributeType } of definitions.parse(AttributeDefinitions)) {
    if (names.includes(AttributeName)) z.literal('S').parse(AttributeType)
  }
  const kinds = ['HASH', 'RANGE']
  return schema
    .toSorted((one, other) => kinds.indexOf(one.KeyType) - kinds.indexOf(other.KeyType))
    .map(({ AttributeName }) => AttributeName)
}
