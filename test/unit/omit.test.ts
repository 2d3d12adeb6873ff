/** Fields that a type omits stay with their site, and fields that nobody declared travel all the same. */
import { describe, expect, it } from 'vitest'
import { DeclarationInvalid, defineSync, fields, register } from '../../shared/declare/index.ts'
import type { MergeDescriptor } from '../../shared/declare/merge-descriptor.ts'
import type { Document } from '../../shared/document/json.ts'
import type { StoreKind } from '../../shared/ports/memory/memory-database.ts'
import { MemorySite, settle } from './memory-site.ts'

const sites = {
  'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' },
  'gcp-us-central1': { cloud: 'gcp', region: 'us-central1' },
} as const

function define(omit: string[], merge: MergeDescriptor = register()) {
  return defineSync({ sites, data: { users: { key: ['user_id'], merge, omit } } })
}

const ref = { type: 'users', key: ['alice'] }
const kinds: readonly StoreKind[] = ['transactional', 'versioned', 'batched']

describe.each(kinds)('a field that its type omits (%s)', kind => {
  const open = (merge?: MergeDescriptor) => {
    const plan = define(['seen'], merge)
    return [new MemorySite(plan, 'aws-us-east-1', kind), new MemorySite(plan, 'gcp-us-central1', kind)] as const
  }

  it.each([
    ['a document that is one value', register()],
    ['a document that merges by field', fields()],
  ])('is never captured, changed or removed: %s', async (_, merge) => {
    const [aws, gcp] = open(merge)
    aws.write(ref, { name: 'Alice', seen: 1 })
    await settle([aws, gcp])
    expect(gcp.document(ref)).toEqual({ name: 'Alice' })

    gcp.write(ref, { name: 'Alice', seen: 'elsewhere' })
    expect(await gcp.capture(ref)).toBe('unchanged')
    gcp.write(ref, { name: 'Alicia', seen: 'elsewhere' })
    await settle([aws, gcp])
    expect(aws.document(ref)).toEqual({ name: 'Alicia', seen: 1 })
    expect(gcp.document(ref)).toEqual({ name: 'Alicia', seen: 'elsewhere' })

    aws.write(ref, undefined)
    await settle([aws, gcp])
    expect(gcp.document(ref)).toBeUndefined()
  })

  it('of an older declaration is forgotten by the state, and stays in the documents', async () => {
    const [aws, gcp] = open()
    const before = define([])
    const older = new MemorySite(before, 'aws-us-east-1', kind)
    older.write(ref, { name: 'Alice', seen: 1 })
    await older.work()
    const record = older.record(ref)
    await aws.store.commit({ ref, record, expected: undefined })
    await gcp.store.commit({ ref, record, expected: undefined })
    for (const site of [aws, gcp]) site.write(ref, { name: 'Alice', seen: site.id })
    await settle([aws, gcp])
    expect(aws.document(ref)).toEqual({ name: 'Alice', seen: aws.id })
    expect(gcp.document(ref)).toEqual({ name: 'Alice', seen: gcp.id })
    gcp.write(ref, { name: 'Alicia', seen: 2 })
    await settle([aws, gcp])
    expect(aws.document(ref)).toEqual({ name: 'Alicia', seen: aws.id })
  })
})

describe('a field that no declaration names', () => {
  it('is kept by sites whose application does not know it, and travels as one value', async () => {
    const plan = define([], fields({ name: register() }))
    const [aws, gcp] = [new MemorySite(plan, 'aws-us-east-1'), new MemorySite(plan, 'gcp-us-central1')]
    aws.write(ref, { name: 'Alice' })
    await settle([aws, gcp])
    const grown: Document = { name: 'Alice', tags: { $set: ['a', 'b'] }, address: { city: 'Praha' } }
    gcp.write(ref, grown)
    await settle([aws, gcp])
    expect(aws.document(ref)).toEqual(grown)
    aws.write(ref, { ...grown, name: 'Alicia' })
    await settle([aws, gcp])
    expect(gcp.document(ref)).toEqual({ ...grown, name: 'Alicia' })
  })
})

describe('a declaration', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a key field', () => define(['user_id']), /data\.users\.omit: found 'user_id', a key field/],
    ['a field that merges', () => define(['name'], fields({ name: register() })), /found 'name', a field that merges/],
    ['a field twice', () => define(['a', 'a']), /data\.users\.omit: found \["a","a"\]; allowed: each field once/],
    ['a field without a name', () => define(['']), /data\.users\.omit\.0: found ""/],
  ])('cannot omit %s', (_, declare, fault) => {
    expect(declare).toThrow(DeclarationInvalid)
    expect(declare).toThrow(fault)
  })

  it('says under another hash what it omits: sites that differ in it do not mix their changes', () => {
    expect(define(['a']).hash).not.toBe(define([]).hash)
  })

  it('may name a field that Cosmos keeps for itself: it is held there under another name', () => {
    expect(() => define([], fields({ id: register(), _ts: register() }))).not.toThrow()
  })
})
