/** From the declaration's description to the implementation: the one place that knows every merge type. */
import type { CustomDescriptor, DocumentDescriptor, MergeDescriptor } from '../declare/merge-descriptor.ts'
import type { Resolvers } from '../declare/resolver.ts'
import { entriesType, onceType } from './append-only.ts'
import { createAuthority } from './authority.ts'
import { createBestFeed } from './best-feed.ts'
import { counterType } from './counter.ts'
import { createCustom } from './custom.ts'
import { createEventLog } from './event-log.ts'
import { createFields } from './fields.ts'
import { createHighest } from './highest.ts'
import { createLedger } from './ledger.ts'
import type { MergeType } from './merge-type.ts'
import { registerType, reviewedRegisterType } from './register.ts'
import { createArraySet, createSet } from './set.ts'
import { siblingsType } from './siblings.ts'
import { createText } from './text.ts'

/** `sites`: those that hold the record, in the plan's order. `site`: whose documents, where that makes a difference. */
export function documentTypeOf(
  descriptor: DocumentDescriptor,
  sites: readonly string[],
  resolvers: Resolvers = {},
  site?: string,
): MergeType {
  switch (descriptor.kind) {
    case 'ledger':
      return createLedger(descriptor, sites)
    case 'eventLog':
      return createEventLog(descriptor, sites)
    case 'text':
      return createText(descriptor, sites, site)
    case 'bestFeed':
      return createBestFeed(descriptor, mergeTypeOf)
    case 'appendOnly':
      return onceType
    case 'custom':
      return customTypeOf(descriptor, resolvers, true)
    default:
      return mergeTypeOf(descriptor, resolvers)
  }
}

/** Of a value inside a document. */
export function mergeTypeOf(descriptor: MergeDescriptor, resolvers: Resolvers = {}): MergeType {
  switch (descriptor.kind) {
    case 'register':
      return descriptor.review ? reviewedRegisterType : registerType
    case 'highest':
      return createHighest(descriptor.by)
    case 'siblings':
      return siblingsType
    case 'authority':
      return createAuthority(descriptor)
    case 'custom':
      return customTypeOf(descriptor, resolvers, false)
    case 'appendOnly':
      return entriesType
    case 'counter':
      return counterType
    case 'set': {
      const element = mergeTypeOf(descriptor.element, resolvers)
      return descriptor.by === undefined ? createSet(element) : createArraySet(element, descriptor.by)
    }
    case 'fields': {
      const named = Object.entries(descriptor.fields).map(
        ([name, field]) => [name, mergeTypeOf(field, resolvers)] as const,
      )
      return createFields(new Map(named), registerType)
    }
  }
}

function customTypeOf(descriptor: CustomDescriptor, resolvers: Resolvers, document: boolean): MergeType {
  const resolver = Object.hasOwn(resolvers, descriptor.name) ? resolvers[descriptor.name] : undefined
  if (!resolver) {
    throw new Error(
      `the plan names a resolver '${descriptor.name}' and comes without its function: hand over what defineSync gave, not a copy of it`,
    )
  }
  return createCustom(descriptor, resolver, { document })
}
