/** A declaration in words: what it makes at each site, and what another one makes different. */
import { isDeepStrictEqual } from 'node:util'
import { feedName, forwardName } from '../../shared/declare/resource-names.ts'
import {
  type Cloud,
  peersOf,
  type SitePlan,
  type SyncPlan,
  type TypePlan,
  typesAt,
} from '../../shared/declare/sync-plan.ts'

export interface SiteWords {
  readonly site: string
  readonly lines: readonly string[]
}

export function siteWords(plan: SyncPlan): readonly SiteWords[] {
  return plan.sites.map(site => {
    const peers = peersOf(plan, site.id).map(({ id }) => id)
    const functions = ['capture', 'publish', ...peers.map(forwardName), 'ingest', 'prune']
    return {
      site: site.id,
      lines: [
        `${site.cloud}, ${site.region}`,
        ...typesAt(plan, site.id).map(type => `${type.name}: ${typeWords(type, site, plan)}`),
        `functions: ${functions.join(', ')}`,
        `peers: ${peers.join(', ') || 'none'}`,
        site.ingest === undefined
          ? 'ingest: its address is not declared yet, so changes for it wait at its peers'
          : `ingest: ${site.ingest}`,
        keyWords(site),
      ],
    }
  })
}

function typeWords(type: TypePlan, site: SitePlan, plan: SyncPlan): string {
  const others = type.sites.filter(id => id !== site.id)
  const everywhere = type.sites.length === plan.sites.length
  return [
    placeWords[site.cloud](type),
    `key ${type.key.join(', ')}`,
    `tier ${type.tier}${type.tier === 1 ? ' with the express lane' : ''}`,
    type.merge.kind,
    others.length === 0
      ? 'stays here'
      : everywhere
        ? 'at every site'
        : `also at ${others.join(', ')}, and nowhere else`,
    ...(type.adopt ? ['waits for tributary adopt'] : []),
    ...(type.expires === undefined ? [] : [`expires by ${type.expires}`]),
  ].join('; ')
}

const placeWords: Readonly<Record<Cloud, (type: TypePlan) => string>> = {
  aws({ at: { aws } }) {
    const table = `table ${aws.table}${aws.existing ? ', which is there already' : ''}`
    return aws.feed === 'kinesis'
      ? `${table}, read by Kinesis (${aws.existing ? 'yours' : feedName(aws.table)})`
      : table
  },
  gcp: ({ at: { gcp } }) => `collection ${gcp.collection}`,
  azure: ({ at: { azure } }) => `container ${azure.container}`,
}

function keyWords({ rootKeys, signsWith }: SitePlan): string {
  if (!rootKeys)
    return 'root key: first, to be made; nothing of this site is believed until its public half is declared'
  const names = Object.entries(rootKeys).map(([name, key]) => (key === 'pending' ? `${name} (pending)` : name))
  return `root keys: ${names.join(', ')}; ${signsWith ?? Object.keys(rootKeys)[0]} signs`
}

/** One line for each thing that is different, with what follows from it. */
export function changeWords(before: SyncPlan, after: SyncPlan): readonly string[] {
  return [
    ...named(before.sites, after.sites, 'id', 'site', {
      added: 'its functions and stores are made; the others get a forward to it; it begins empty',
      removed: 'its stack stays until you remove it; the others stop sending to it',
      settings: siteSettings,
    }),
    ...named(before.types, after.types, 'name', 'type', {
      added: 'its tables are made; one that is there already must be declared as existing',
      removed: 'it does not replicate any more; its tables stay',
      settings: typeSettings,
    }),
    ...(before.hash === after.hash
      ? []
      : ['the plan has another hash: sites hold each other’s changes until all run the same declaration']),
  ]
}

interface Wording {
  readonly added: string
  readonly removed: string
  /** What follows where a setting changes. */
  readonly settings: Readonly<Record<string, string>>
}

const siteSettings: Readonly<Record<string, string>> = {
  cloud: 'another cloud under a known id: give the new site an id of its own',
  region: 'its stack would move, its data not: give the new site an id of its own',
  ingest: 'its peers deliver there',
  rootKeys: 'made by its own stack, believed by its peers',
  signsWith: 'that key certifies from now on; see that every peer knows it first',
}

const typeSettings: Readonly<Record<string, string>> = {
  key: 'another key means another table: the items have to be moved',
  tier: 'express lane and triggers change, data does not',
  sites: 'sites that are no longer named keep what they have and get nothing new',
  merge: 'not safe yet: its records become dead letters at their next write, as nothing migrates them',
  omit: 'fields that stay at their site',
  expires: 'the time to live of the tables',
  adopt: 'nothing of it is captured until it is adopted',
  at: 'another place: the items have to be moved',
}

function named<Item extends object, Key extends keyof Item & string>(
  before: readonly Item[],
  after: readonly Item[],
  key: Key,
  kind: string,
  { added, removed, settings }: Wording,
): readonly string[] {
  const [was, is] = [new Map(before.map(item => [item[key], item])), new Map(after.map(item => [item[key], item]))]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap(id => {
    const [one, other] = [was.get(id), is.get(id)]
    if (!one) return [`${kind} ${String(id)} is new: ${added}`]
    if (!other) return [`${kind} ${String(id)} is gone: ${removed}`]
    return Object.entries(settings)
      .filter(([name]) => !isDeepStrictEqual(Reflect.get(one, name), Reflect.get(other, name)))
      .map(
        ([name, follows]) =>
          `${kind} ${String(id)}: ${name} was ${text(one, name)}, is ${text(other, name)}: ${follows}`,
      )
  })
}

function text(item: object, name: string): string {
  const value: unknown = Reflect.get(item, name)
  return value === undefined ? 'not set' : (JSON.stringify(value) ?? '')
}
