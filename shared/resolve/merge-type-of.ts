/** From the declaration's description to the implementation: the one place that knows every merge type. */
import type { DocumentDescriptor, MergeDescriptor } from '../declare/merge-descriptor.ts'
import { counterType } from './counter.ts'
import { createFields } from './fields.ts'
import { createLedger } from './ledger.ts'
import type { MergeType } from './merge-type.ts'
import { registerType } from './register.ts'
import { createArraySet, createSet } from './set.ts'

/** `sites`: those that hold the record, in the plan's order. */
export function documentTypeOf(descriptor: DocumentDescriptor, sites: readonly string[]): MergeType {
  return descriptor.kind === 'ledger' ? createLedger(descriptor, sites) : mergeTypeOf(descriptor)
}

export function mergeTypeOf(descriptor: MergeDescriptor): MergeType {
  switch (descriptor.kind) {
    case 'register':
      return registerType
    case 'counter':
      return counterType
    case 'set': {
      const element = mergeTypeOf(descriptor.element)
      return descriptor.by === undefined ? createSet(element) : createArraySet(element, descriptor.by)
    }
    case 'fields': {
      const named = Object.entries(descriptor.fields).map(([name, field]) => [name, mergeTypeOf(field)] as const)
      return createFields(new Map(named), registerType)
    }
  }
}
