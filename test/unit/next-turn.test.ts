/** A home is moved because its site is away: then it cannot be asked either. */
import { expect, it, vi } from 'vitest'
import { defineSync, fields, register } from '../../shared/declare/index.ts'
import type { Clouds } from '../../tools/cli/clouds.ts'
import { nextTurn } from '../../tools/cli/commands/home.ts'
import { threeSites } from './three-sites.ts'

const plan = defineSync({
  sites: threeSites,
  data: { seats: { key: ['id'], merge: fields({ note: register() }) } },
})

function cloudsThat(ask: Clouds['ask']): Clouds {
  const unused = async () => {
    throw new Error('not asked for here')
  }
  return { plan, place: 'accounts', ask, aheadMsOf: unused, statusOf: unused, openWriter: unused, close: unused }
}

it('is later than what any site that answers has heard, and says who did not', async () => {
  const said = vi.spyOn(console, 'error').mockReturnValue()
  const clouds = cloudsThat(async site => {
    if (site === 'aws-us-east-1') throw new Error('no connection')
    return site === 'azure-eastus' ? { seats: { homes: ['aws-us-east-1'], turn: 4 } } : {}
  })
  expect(await nextTurn(clouds, 'seats')).toBe(5)
  expect(said.mock.calls.join()).toMatch(/^aws-us-east-1 could not be asked/)
  said.mockClear()
  expect(
    await nextTurn(
      cloudsThat(async () => ({})),
      'seats',
    ),
  ).toBe(1)
  expect(said).not.toHaveBeenCalled()
  said.mockRestore()
})
