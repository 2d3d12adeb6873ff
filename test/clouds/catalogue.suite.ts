/** Every data type of the catalogue, written at all three sites at once with official clients: what each becomes. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { recordAtSites } from '../../tools/cli/commands/get.ts'
import { readResolutions } from '../../tools/cli/read-audit.ts'
import { readConflicts } from '../../tools/conflicts/read-conflicts.ts'
import type { Item } from '../../tools/local/official-clients/application-client.ts'
import { type Scenario, scenarios } from './catalogue.ts'
import type { TestClouds } from './running-clouds.ts'
import { sharedClouds } from './shared-clouds.ts'

const siteIds = ['aws-us-east-1', 'gcp-us-central1', 'azure-eastus'] as const
const withinMs = 60_000

let running: TestClouds

describe('the catalogue', () => {
  beforeAll(async () => {
    running = await sharedClouds()
    const { everywhere } = running
    await Promise.all(
      scenarios.map(async ({ type, key, before }) => {
        if (!before) return
        await running.clients[0]?.put(type, before.written)
        await everywhere(type, key, before.shown ?? before.written, withinMs)
      }),
    )
    await running.atRest()
    await running.apart(async () => {
      for (const [index, site] of siteIds.entries()) {
        const client = running.clients.find(each => each.site === site)
        const writers = scenarios.flatMap(scenario => {
          const write = scenario.writes[index]
          return write && client ? [{ scenario, write: () => write(client) }] : []
        })
        await Promise.all(
          writers.map(async ({ scenario, write }) => {
            const known = await knownAt(site, scenario)
            await write()
            await until(async () => (await knownAt(site, scenario)) !== known, `${scenario.id} captured at ${site}`)
          }),
        )
      }
    })
  }, 180_000)

  test.each(scenarios)('$id: $means', async scenario => {
    const { type, key, expected, rule, review } = scenario
    if (typeof expected === 'object') await running.everywhere(type, key, expected, withinMs)
    else await agreed(scenario, expected)

    if (rule !== undefined) {
      await until(async () => {
        const entries = await readResolutions(running.clouds, { type, key })
        return entries.some(({ arbitrations }) => arbitrations.some(each => each.rule === rule))
      }, `an entry of ${rule}`)
    }
    if (review !== undefined) {
      await running.atRest()
      const open = async () => (await readConflicts(running.clouds, { type, key })).length > 0
      if (review) await until(open, 'something to look at')
      else expect(await open()).toBe(false)
    }
  })
})

/** How much of a record its site has seen. */
async function knownAt(site: string, { type, key }: Scenario): Promise<string> {
  return JSON.stringify((await recordAtSites(running.clouds, type, key))[site]?.vector)
}

async function agreed({ type, key }: Scenario, holds: (document: Item | undefined) => boolean): Promise<void> {
  const read = () => Promise.all(running.clients.map(client => client.read(type, key)))
  await until(
    async () => {
      const [first, ...others] = await read()
      return holds(first) && others.every(other => isDeepStrictEqual(other, first))
    },
    async () => `all to agree, found ${JSON.stringify(await read())}`,
  )
}

async function until(holds: () => Promise<boolean>, what: string | (() => Promise<string>)): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited for ${typeof what === 'string' ? what : await what()}`)
    await sleep(100)
  }
}
