/** The local clouds of a declaration for one measurement: in a folder of their own, gone with it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectClouds, type RunningClouds } from '../../tools/cli/running-clouds.ts'
import { localFolder } from '../../tools/local/local-folder.ts'
import type { SiteEndpoints } from '../../tools/local/local-site.ts'
import type { ApplicationClient } from '../../tools/local/official-clients/application-client.ts'
import { openClients, readEndpoints } from '../../tools/local/official-clients/open-clients.ts'
import { startLocalClouds, stopLocalClouds } from '../../tools/local/start-local-clouds.ts'
import type { Timing } from '../../tools/local/timing.ts'
import type { OpenOptions } from './open-options.ts'

export interface BenchClouds {
  readonly clouds: RunningClouds
  readonly clients: readonly ApplicationClient[]
  /** By site. */
  readonly endpoints: Readonly<Record<string, SiteEndpoints>>
  /** Ends the clouds and everything that was opened to reach them. */
  close(): Promise<void>
}

export interface BenchCloudsOptions extends OpenOptions {
  /** Path of the declaration. */
  readonly config: string
  readonly timing?: Timing
}

/** Rejects when the signal is aborted before they are up; what was started is ended then. */
export async function openBenchClouds({ onProgress, ...options }: BenchCloudsOptions): Promise<BenchClouds> {
  const temporary = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  process.env.TRIBUTARY_LOCAL = temporary
  const folder = localFolder()
  const clients: ApplicationClient[] = []
  const close = async () => {
    await Promise.allSettled(clients.map(client => client.close()))
    await stopLocalClouds(folder)
    await rm(temporary, { recursive: true, force: true })
  }
  try {
    const { plan, state } = await startLocalClouds({
      ...options,
      folder,
      detached: false,
      onProgress: text => onProgress(`tributary: ${text}`),
    })
    clients.push(...(await openClients(folder.endpointsFile)))
    return { clouds: connectClouds(plan, state), clients, endpoints: await readEndpoints(folder.endpointsFile), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The clouds for as long as `work` takes. */
export async function withBenchClouds<Result>(
  options: BenchCloudsOptions,
  work: (opened: BenchClouds) => Promise<Result>,
): Promise<Result> {
  const opened = await openBenchClouds(options)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}
