/** Local clouds of their own for one test file: in a temporary folder, ended with the file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { projectRoot } from '../../tools/build/bundle-functions.ts'
import { readStatus } from '../../tools/cli/commands/status.ts'
import { connectClouds, type RunningClouds } from '../../tools/cli/running-clouds.ts'
import { ControlFailed } from '../../tools/local/control-client.ts'
import type { ApplicationClient, Item } from '../../tools/local/official-clients/application-client.ts'
import { openClients } from '../../tools/local/official-clients/open-clients.ts'
import { startLocalClouds, stopLocalClouds } from '../../tools/local/start-local-clouds.ts'
import { clearEndpoints } from './clear-endpoints.ts'

/** For suites that need no more than two types. */
export const cartsAndProducts = join(projectRoot, 'test/carts-and-products.config.ts')

export interface TestClouds {
  readonly folder: string
  readonly clouds: RunningClouds
  readonly clients: readonly ApplicationClient[]
  /** Waits until every site shows this document (undefined: none); fails with what each site shows. */
  everywhere(type: string, key: readonly string[], expected: Item | undefined, withinMs?: number): Promise<void>
  /** Runs `writes` while no site reaches another, gives captures time, and joins the sites again. */
  apart(writes: () => Promise<void>): Promise<void>
  /** Waits until no site has a write that another one has not seen. */
  atRest(): Promise<void>
  stop(): Promise<void>
}

/**
 * `replaced`: variables that name servers of the test, which the sites use in place of their own.
 * `config`: the declaration.
 */
export async function startTestClouds(
  replaced: Readonly<Record<string, string>> = {},
  config = join(projectRoot, 'sync.config.ts'),
): Promise<TestClouds> {
  const temporary = await mkdtemp(join(tmpdir(), 'tributary-clouds-'))
  process.env.TRIBUTARY_LOCAL = temporary
  clearEndpoints()
  Object.assign(process.env, replaced)
  const folder = {
    path: temporary,
    endpointsFile: join(temporary, 'endpoints.json'),
    variablesFile: join(temporary, 'env'),
  }
  const { plan, state } = await startLocalClouds({ folder, config, detached: false, onProgress: () => undefined })
  const clouds = connectClouds(plan, state)
  const clients = await openClients(folder.endpointsFile)
  const all = plan.sites.map(({ id }) => id)
  return {
    folder: temporary,
    clouds,
    clients,
    everywhere: (type, key, expected, withinMs = 30_000) => everywhere(clients, type, key, expected, withinMs),
    async apart(writes) {
      await clouds.cut(all)
      try {
        await writes()
        await sleep(700)
      } finally {
        await clouds.cut([])
      }
    },
    atRest: () => atRest(clouds),
    async stop() {
      await Promise.all(clients.map(client => client.close()))
      await stopLocalClouds(folder)
      await rm(temporary, { recursive: true, force: true })
    },
  }
}

async function everywhere(
  clients: readonly ApplicationClient[],
  type: string,
  key: readonly string[],
  expected: Item | undefined,
  withinMs: number,
): Promise<void> {
  const deadline = Date.now() + withinMs
  const wanted = Object.fromEntries(clients.map(({ site }) => [site, expected]))
  for (;;) {
    const shown = Object.fromEntries(
      await Promise.all(clients.map(async client => [client.site, await client.read(type, key)] as const)),
    )
    if (isDeepStrictEqual(shown, wanted)) return
    if (Date.now() > deadline) return expect(shown).toEqual(wanted)
    // Each look is a request to three emulators.
    await sleep(50)
  }
}

async function atRest(clouds: RunningClouds): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const behind = await backlogOf(clouds).catch((error: unknown) => {
      // A store that is slow while others start is asked again.
      if (error instanceof ControlFailed && Date.now() < deadline) return undefined
      throw error
    })
    if (behind?.length === 0) return
    if (behind && Date.now() > deadline) return expect(behind).toEqual([])
    await sleep(100)
  }
}

async function backlogOf(clouds: RunningClouds) {
  return (await readStatus(clouds)).routes.filter(({ backlog }) => backlog > 0)
}
