/** `.local/`: where the running local clouds are written down. One folder, one set of clouds. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { SiteEndpoints } from './local-site.ts'
import { timings } from './timing.ts'

const siteState = z.object({
  pid: z.int(),
  control: z.url(),
  log: z.string(),
  /** The declaration that was deployed to it since the clouds came up. */
  config: z.string().optional(),
})

const state = z.object({
  startedAt: z.string(),
  config: z.string(),
  /** Absent in what an earlier version wrote. */
  timing: z.enum(timings).default('fast'),
  /** Must come with every request to a control server. */
  secret: z.string(),
  sites: z.record(z.string(), siteState),
  /** Sites that are cut off now. */
  cut: z.array(z.string()),
})

export type LocalState = z.output<typeof state>

export interface LocalFolder {
  readonly path: string
  readonly endpointsFile: string
  readonly variablesFile: string
}

/** `.local` in the working folder, unless TRIBUTARY_LOCAL names another. */
export function localFolder(): LocalFolder {
  const path = process.env.TRIBUTARY_LOCAL ?? join(process.cwd(), '.local')
  return { path, endpointsFile: join(path, 'endpoints.json'), variablesFile: join(path, 'env') }
}

const stateFile = ({ path }: LocalFolder) => join(path, 'state.json')

export async function readState(folder: LocalFolder): Promise<LocalState | undefined> {
  try {
    return state.parse(JSON.parse(await readFile(stateFile(folder), 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The secret is for this user only. */
export async function writeState(folder: LocalFolder, value: LocalState): Promise<void> {
  await mkdir(folder.path, { recursive: true })
  await writeFile(stateFile(folder), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
}

export type EndpointsBySite = Readonly<Record<string, SiteEndpoints>>

export async function writeEndpoints(folder: LocalFolder, endpoints: EndpointsBySite): Promise<void> {
  await writeFile(folder.endpointsFile, `${JSON.stringify(endpoints, null, 2)}\n`, { mode: 0o600 })
}

export async function writeVariables(
  folder: LocalFolder,
  variables: readonly (readonly [site: string, variables: Readonly<Record<string, string>>])[],
): Promise<void> {
  const lines = variables.flatMap(([site, named]) => [
    `# ${site}`,
    ...Object.entries(named).map(([name, value]) => `export ${name}='${value}'`),
  ])
  await writeFile(folder.variablesFile, `${lines.join('\n')}\n`, { mode: 0o600 })
}

/** Logs stay, for whoever wants to know what happened. */
export async function clearState(folder: LocalFolder): Promise<void> {
  await Promise.all(
    [stateFile(folder), folder.endpointsFile, folder.variablesFile].map(file => rm(file, { force: true })),
  )
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
