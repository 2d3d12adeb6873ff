/** A site of the local clouds that has no endpoints: a command must not reach the account of that name instead. */
import { expect, it } from 'vitest'
import { defineSync, register } from '../../shared/declare/index.ts'
import { endpointsOf } from '../../tools/cli/site-options.ts'

const { sites } = defineSync({
  sites: { 'aws-us-east-1': { cloud: 'aws', region: 'us-east-1' }, other: { cloud: 'gcp', region: 'us-central1' } },
  data: { carts: { key: ['id'], merge: register() } },
})
const local = { cloud: 'aws', region: 'us-east-1', endpoints: {}, data: {} } as const

it('is refused', () => {
  expect(() => endpointsOf(sites, { 'aws-us-east-1': local })).toThrow('no endpoints for other')
  const both = { 'aws-us-east-1': local, other: { ...local, cloud: 'gcp', project: 'local' } as const }
  expect(endpointsOf(sites, both)).toBe(both)
})
