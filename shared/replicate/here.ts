/** The plan as one site sees it, with the merge types of every data type it holds ready to use. */
import type { SiteId } from '../causality/dot.ts'
import { isOneValue, namedFields } from '../declare/merge-descriptor.ts'
import type { Resolvers } from '../declare/resolver.ts'
import { type SyncPlan, siteOf, type TypePlan, typesAt } from '../declare/sync-plan.ts'
import { documentTypeOf } from '../resolve/merge-type-of.ts'
import { createRecordType, type RecordType } from '../resolve/record-type.ts'
import { messageAgeMaxMs } from './message-age.ts'

export interface DataType {
  readonly plan: TypePlan
  readonly record: RecordType
  /** The whole document is one value (see `DocumentWrite.indivisible`). */
  readonly indivisible: boolean
  /** The top-level fields that the declaration names as parts of the document. */
  readonly declared: readonly string[]
}

export interface Here {
  readonly site: SiteId
  readonly plan: SyncPlan
  readonly types: ReadonlyMap<string, DataType>
  /** A change whose content is older is no news. */
  readonly messageAgeMaxMs: number
}

export function createHere(plan: SyncPlan, site: SiteId, ageMaxMs: number = messageAgeMaxMs): Here {
  siteOf(plan, site)
  const types = new Map(typesAt(plan, site).map(type => [type.name, dataTypeFrom(type, site, plan.resolvers)]))
  return { site, plan, types, messageAgeMaxMs: ageMaxMs }
}

function dataTypeFrom(plan: TypePlan, site: SiteId, resolvers: Resolvers | undefined): DataType {
  const { merge, expires } = plan
  return {
    plan,
    record: createRecordType(documentTypeOf(merge, plan.sites, resolvers, site)),
    indivisible: isOneValue(merge) || merge.kind === 'appendOnly',
    declared: [...namedFields(merge), ...(expires === undefined ? [] : [expires])],
  }
}

export function dataTypeOf(here: Here, name: string): DataType {
  const type = here.types.get(name)
  if (!type) throw new Error(`${here.site} holds no data type '${name}'; it holds ${[...here.types.keys()].join(', ')}`)
  return type
}
