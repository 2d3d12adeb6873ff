/** What a merge names has to be declared elsewhere: sites that have the say, functions that settle. */
import { joinedParts, type MergeDescriptor } from './merge-descriptor.ts'
import type { Resolvers } from './resolver.ts'
import { brokenLaw } from './resolver-laws.ts'
import type { TypePlan } from './sync-plan.ts'

/** One line for each fault of one data type. */
export function mergeFaults({ name, merge, sites }: TypePlan, resolvers: Resolvers): readonly string[] {
  const path = `data.${name}.merge`
  if (merge.kind === 'bestFeed') return sitesUnknown(merge.sites, `${path}.sites`, sites)
  return faultsIn(joinedParts(merge), path, { sites, resolvers })
}

interface Declared {
  /** That hold the type. */
  readonly sites: readonly string[]
  readonly resolvers: Resolvers
}

function faultsIn(merge: MergeDescriptor, path: string, declared: Declared): readonly string[] {
  switch (merge.kind) {
    case 'fields':
      return Object.entries(merge.fields).flatMap(([field, inner]) =>
        faultsIn(inner, `${path}.fields.${field}`, declared),
      )
    case 'set':
      return faultsIn(merge.element, `${path}.element`, declared)
    case 'custom': {
      const known = Object.keys(declared.resolvers)
      const allowed = known.length === 0 ? 'a function of this name among the resolvers' : known.join(', ')
      return known.includes(merge.name) ? [] : [`${path}.name: found '${merge.name}'; allowed: ${allowed}`]
    }
    case 'authority': {
      const { of } = merge
      return of.by === 'site'
        ? sitesUnknown({ site: of.site }, `${path}.of`, declared.sites)
        : sitesUnknown(of.sites, `${path}.of.sites`, declared.sites)
    }
    default:
      return []
  }
}

function sitesUnknown(
  named: { readonly [name: string]: string },
  path: string,
  sites: readonly string[],
): readonly string[] {
  return Object.entries(named)
    .filter(([, site]) => !sites.includes(site))
    .map(([at, site]) => `${path}.${at}: found '${site}'; allowed: ${sites.join(', ')}`)
}

/** One line for each function that sites could not be left alone with. */
export function resolverFaults(resolvers: Resolvers): readonly string[] {
  return Object.entries(resolvers).flatMap(([name, resolver]) => {
    const broken = brokenLaw(name, resolver)
    const allowed = 'a function that is deterministic, commutative, associative and idempotent, and makes such values'
    return broken === undefined ? [] : [`resolvers.${name}.resolve: found ${broken}; allowed: ${allowed}`]
  })
}
