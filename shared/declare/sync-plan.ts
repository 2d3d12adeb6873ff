/** The compiled declaration: frozen, complete, hashed. Everything reads it, nothing re-reads the declaration. */
import type { DocumentDescriptor } from './merge-descriptor.ts'
import type { Placement } from './placement.ts'
import type { Resolvers } from './resolver.ts'

export type Cloud = 'aws' | 'gcp' | 'azure'

export interface SitePlan {
  readonly id: string
  readonly cloud: Cloud
  readonly region: string
  /** Where its ingest is: known once it is deployed. */
  readonly ingest?: string
  /** The public half of each root key (SubjectPublicKeyInfo in Base64), by its name; `pending`: not known yet. */
  readonly rootKeys?: Readonly<Record<string, string>>
  /** Which of them signs. Absent: the first. */
  readonly signsWith?: string
}

export type KeyType = 'string' | 'number'

/** 1: real time (under 1 s), 2: near real time (under 30 s), 3: batch. */
export type Tier = 1 | 2 | 3

export interface TypePlan {
  readonly name: string
  readonly tier: Tier
  /** The fields that make up the key, in order. */
  readonly key: readonly [string, ...string[]]
  /** In the order of `key`. Between the sites every part is a text; a number is written as JSON writes it. */
  readonly keyTypes: readonly KeyType[]
  readonly merge: DocumentDescriptor
  /** Fields at the top of a document that never travel: each site keeps what it has. */
  readonly omit: readonly string[]
  /** The field at the top of a document that holds the second since 1970 at which its store may remove it. */
  readonly expires?: string
  /** Its tables held documents before: nothing of it is captured until `tributary adopt` has taken them over. */
  readonly adopt: boolean
  /** The sites that may hold it. */
  readonly sites: readonly string[]
  readonly at: Placement
}

export interface SyncPlan {
  /** Names this version of the declaration: sites refuse to interpret changes made under another one. */
  readonly hash: string
  readonly sites: readonly SitePlan[]
  readonly types: readonly TypePlan[]
  /** The functions that `custom(...)` names; not enumerable, as no text can carry them (see resolver.ts). */
  readonly resolvers?: Resolvers
}

export function siteOf(plan: SyncPlan, id: string): SitePlan {
  const site = plan.sites.find(candidate => candidate.id === id)
  if (!site) throw new Error(`no site '${id}' in the plan; it has ${plan.sites.map(({ id }) => id).join(', ')}`)
  return site
}

export function typeOf(plan: SyncPlan, name: string): TypePlan | undefined {
  return plan.types.find(candidate => candidate.name === name)
}

/** The types that a site holds. */
export function typesAt(plan: SyncPlan, site: string): readonly TypePlan[] {
  return plan.types.filter(type => type.sites.includes(site))
}

/** The sites that a site exchanges changes with: those that share at least one type with it. */
export function peersOf(plan: SyncPlan, site: string): readonly SitePlan[] {
  const here = typesAt(plan, site)
  return plan.sites.filter(({ id }) => id !== site && here.some(type => type.sites.includes(id)))
}

/** Has an express lane: only tier 1 has a lag target that the durable path does not meet. */
export function isExpress({ tier }: TypePlan): boolean {
  return tier === 1
}
