/**
 * `defineSync({ sites, data })`: checks the declaration and compiles it. A wrong one fails at once, with every fault
 * it has: the path, the value found there, and what is allowed.
 */
import { hash } from 'node:crypto'
import * as z from 'zod'
import { canonicalText } from '../document/canonical.ts'
import { isInheritedName } from '../document/inherited-name.ts'
import type { Json } from '../document/json.ts'
import { declaredPlacement } from './declared-placement.ts'
import { declaredSite, sharedKeyFaults, siteFaults } from './declared-site.ts'
import { type EscrowDescriptor, type HomeDescriptor, isOneValue, namedFields } from './merge-descriptor.ts'
import { mergeFaults, resolverFaults } from './merge-faults.ts'
import { documentMerge, fieldName } from './merge-schema.ts'
import { placementOf } from './placement.ts'
import { placementFaults, sharingFaults } from './placement-faults.ts'
import { withResolvers } from './resolver.ts'
import { resolversSchema } from './resolver-schema.ts'
import type { Cloud, KeyType, SyncPlan, TypePlan } from './sync-plan.ts'

/** Thrown by `defineSync`: `faults` has one line for each. */
export class DeclarationInvalid extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`the declaration is not valid:\n${faults.map(fault => `  - ${fault}`).join('\n')}`)
    this.name = 'DeclarationInvalid'
    this.faults = faults
  }
}

const inherited = { error: 'another name: every object has something that is called so' }
const siteId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,38}[a-z0-9]$/, {
    error: 'a site id is 3 to 40 lower-case letters, digits and hyphens, and starts with a letter',
  })
  .refine(id => !isInheritedName(id), inherited)
const typeName = z
  .string()
  .regex(/^(?!tributary-)[a-z][a-z0-9-]{2,39}$/, {
    error:
      'a data type is named with 3 to 40 lower-case letters, digits and hyphens, starts with a letter and not with tributary-',
  })
  .refine(name => !isInheritedName(name), inherited)

const keyTypes = ['string', 'number'] as const
const keyFieldName = fieldName
  .regex(/^[^{}]*$/, { error: 'a key field is named without braces' })
  .refine(name => name !== '__proto__', { error: 'another name: the official clients lose a field of this one' })
/** A key field is a text unless it says otherwise. Not binary: no document's path or id holds bytes. */
const keyField = z.union([keyFieldName, z.strictObject({ name: keyFieldName, type: z.enum(keyTypes) })], {
  error: "a field name, or { name, type: 'string' | 'number' }",
})

function keyName(field: z.output<typeof keyField>): string {
  return typeof field === 'string' ? field : field.name
}

function keyType(field: z.output<typeof keyField>): KeyType {
  return typeof field === 'string' ? 'string' : field.type
}

const declaration = z.strictObject({
  sites: z
    .record(siteId, declaredSite, { error: 'an object of sites by their ids: { <id>: { cloud, region } }' })
    .refine(sites => Object.keys(sites).length >= 1, { error: 'at least one site' }),
  data: z
    .record(
      typeName,
      z.strictObject({
        key: z
          .tuple([keyField], keyField, { error: "a list of one or two field names, such as ['customer_id']" })
          .refine(fields => new Set(fields.map(keyName)).size === fields.length, { error: 'each key field once' }),
        at: declaredPlacement.default({}),
        tier: z.literal([1, 2, 3]).default(2),
        merge: documentMerge,
        omit: z
          .array(fieldName, { error: 'a list of field names' })
          .refine(names => new Set(names).size === names.length, { error: 'each field once' })
          .default([]),
        expires: fieldName.exactOptional(),
        adopt: z.boolean().default(false),
        sites: z
          .array(siteId, { error: 'a list of site ids' })
          .min(1, { error: 'at least one site' })
          .refine(ids => new Set(ids).size === ids.length, { error: 'each site once' })
          .optional(),
      }),
      { error: 'an object of data types by their names: { <name>: { key, merge } }' },
    )
    .refine(data => Object.keys(data).length >= 1, { error: 'at least one data type' }),
  resolvers: resolversSchema.default({}),
})

export type Declaration = z.input<typeof declaration>

export function defineSync(input: Declaration): SyncPlan {
  const parsed = declaration.safeParse(input)
  if (!parsed.success) throw new DeclarationInvalid(parsed.error.issues.flatMap(issue => faultsOf(issue, input)))
  const { sites, data, resolvers } = parsed.data
  const types = Object.entries(data).map(([name, type]) => typePlan(name, type, Object.keys(sites)))
  const faults = [
    ...prototypeFaults(input),
    ...Object.entries(sites).flatMap(([id, site]) => siteFaults(id, site)),
    ...sharedKeyFaults(sites),
    ...types.flatMap(type => [...crossFaults(type, sites), ...mergeFaults(type, resolvers)]),
    ...types.flatMap((type, index) => types.slice(0, index).flatMap(other => pairFaults(other, type, sites))),
    ...resolverFaults(resolvers),
  ]
  if (faults.length > 0) throw new DeclarationInvalid(faults)

  const plan = { sites: Object.entries(sites).map(([id, site]) => ({ id, ...site })), types }
  return freeze(withResolvers({ hash: planHash(plan), ...plan }, resolvers))
}

type ParsedType = z.output<typeof declaration>['data'][string]
type ParsedSites = z.output<typeof declaration>['sites']

function typePlan(name: string, type: ParsedType, siteIds: readonly string[]): TypePlan {
  const [first, ...others] = type.key
  const key: TypePlan['key'] = [keyName(first), ...others.map(keyName)]
  const at = placementOf(name, key, type.at)
  return { name, ...type, key, keyTypes: type.key.map(keyType), sites: type.sites ?? siteIds, at }
}

function cloudsOf(siteIds: readonly string[], sites: ParsedSites): ReadonlySet<Cloud> {
  return new Set(siteIds.flatMap(site => sites[site]?.cloud ?? []))
}

/** What no single field shows: names that must be declared elsewhere, fields with two roles. */
function crossFaults(type: TypePlan, sites: ParsedSites): readonly string[] {
  const { name } = type
  const siteIds = Object.keys(sites)
  const unknown = type.sites.filter(site => !siteIds.includes(site))
  const merged = namedFields(type.merge)
  return [
    ...unknown.map(site => `data.${name}.sites: found '${site}'; allowed: ${siteIds.join(', ')}`),
    ...placementFaults(type, cloudsOf(type.sites, sites)),
    ...type.omit.flatMap(field => {
      const role = type.key.includes(field) ? 'a key field' : merged.includes(field) ? 'a field that merges' : undefined
      return role === undefined ? [] : [`data.${name}.omit: found '${field}', ${role}; what is omitted never travels`]
    }),
    ...expiryFaults(type),
    ...decisionFaults(type, sites),
    ...adoptionFaults(type),
    ...type.key
      .filter(field => merged.includes(field))
      .map(field => `data.${name}.merge.fields.${field}: found a key field; a key never changes, so it cannot merge`),
  ]
}

const beginsEmpty = {
  ledger: 'a ledger begins empty; load what there was as requests',
  eventLog: 'an event log begins empty; write what there was status by status, or entry by entry',
  text: 'a text begins empty; write what there was at one of the sites',
  bestFeed: 'feeds begin empty; each tells its next value anyway',
}

function adoptionFaults({ name, merge, adopt }: TypePlan): readonly string[] {
  const reason = Object.entries(beginsEmpty).find(([kind]) => kind === merge.kind)?.[1]
  return adopt && reason !== undefined ? [`data.${name}.adopt: ${reason}`] : []
}

/** A decider needs a site to sit at, and a history from the first write on. */
function decisionFaults(type: TypePlan, declared: ParsedSites): readonly string[] {
  const { name, merge, sites } = type
  if (merge.kind !== 'ledger' && merge.kind !== 'eventLog' && merge.kind !== 'text') return []
  return [...deciderFaults(name, merge.decide, sites), ...historyFaults(type, declared)]
}

function deciderFaults(
  name: string,
  decide: HomeDescriptor | EscrowDescriptor,
  sites: readonly string[],
): readonly string[] {
  if (decide.by === 'escrow') {
    const unknown = Object.keys(decide.shares).filter(site => !sites.includes(site))
    return unknown.map(site => `data.${name}.merge.decide.shares: found '${site}'; allowed: ${sites.join(', ')}`)
  }
  const { at } = decide
  if (at === 'hash' || sites.includes(at)) return []
  return [`data.${name}.merge.decide.at: found '${at}'; allowed: hash, ${sites.join(', ')}`]
}

/** Only entries tell of every event: a status field holds the latest one. */
function historyFaults({ name, merge, sites }: TypePlan, declared: ParsedSites): readonly string[] {
  if (merge.kind !== 'eventLog' || merge.entries !== undefined || merge.settled !== undefined) return []
  const unordered = sites.filter(site => declared[site]?.cloud === 'gcp')
  const feeds = unordered.length === 0 ? '' : `, and Firestore's events (${unordered.join(', ')}) come in any order`
  return [
    `data.${name}.merge.entries: found nothing; allowed: a field with the events, as a status field alone does not tell all of them${feeds}; or settled, for a status that may be set back`,
  ]
}

/** The expiry travels with the document and is set as a whole. */
function expiryFaults({ name, key, omit, merge, expires }: TypePlan): readonly string[] {
  if (expires === undefined) return []
  const merging = merge.kind === 'fields' && Object.hasOwn(merge.fields, expires) ? merge.fields[expires] : undefined
  const role = key.includes(expires)
    ? 'a key field'
    : omit.includes(expires)
      ? 'an omitted field'
      : merging && !isOneValue(merging)
        ? `a ${merging.kind}`
        : merge.kind !== 'fields' && namedFields(merge).includes(expires)
          ? `a field of the ${merge.kind}`
          : undefined
  return role === undefined ? [] : [`data.${name}.expires: found '${expires}', ${role}; allowed: a field of its own`]
}

function pairFaults(a: TypePlan, b: TypePlan, sites: ParsedSites): readonly string[] {
  const shared = cloudsOf(
    a.sites.filter(site => b.sites.includes(site)),
    sites,
  )
  return [...sharingFaults(a, b, shared), ...(shared.has('aws') ? expirySharing(a, b) : [])]
}

function expirySharing(a: TypePlan, b: TypePlan): readonly string[] {
  const isSame = a.at.aws.table !== b.at.aws.table || [undefined, b.expires].includes(a.expires) || !b.expires
  if (isSame) return []
  const table = `table '${a.at.aws.table}', whose items expire by '${a.expires}'`
  return [
    `data.${b.name}.expires: found '${b.expires}' in ${table} (${a.name}); DynamoDB has one such attribute a table`,
  ]
}

/** zod's own `record` passes over `__proto__`: what is declared by this name would be left out in silence. */
function prototypeFaults(part: unknown, path: readonly string[] = []): readonly string[] {
  // Values of documents, which may have a field of any name.
  if (path[0] === 'resolvers' && path[2] === 'examples') return []
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([name, inner]) =>
    name === '__proto__'
      ? [`${[...path, name].join('.')}: ${inherited.error}`]
      : prototypeFaults(inner, [...path, name]),
  )
}

function faultsOf(issue: z.core.$ZodIssue, input: unknown): readonly string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => `${[...issue.path, key].join('.')}: not known here; check the spelling`)
  }
  if (issue.code === 'invalid_key') {
    return [`${issue.path.join('.')}: ${issue.issues.map(({ message }) => message).join(', ')}`]
  }
  const allowed = issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : issue.message
  return [
    `${issue.path.join('.') || 'declaration'}: found ${describe(valueAt(input, issue.path))}; allowed: ${allowed}`,
  ]
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    input,
  )
}

function describe(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? String(value))
}

/** To be counted up whenever the form of what travels changes: sites of two forms then wait for each other. */
const travellingForm = 4

/** Of what the data is and where it may be: an address or a key may change while changes are on their way. */
function planHash({ sites, types }: Omit<SyncPlan, 'hash'>): string {
  const places = sites.map(({ id, cloud, region }) => ({ id, cloud, region }))
  const plain: Json = JSON.parse(JSON.stringify({ travellingForm, sites: places, types }))
  return hash('sha256', canonicalText(plain), 'base64url').slice(0, 16)
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}
