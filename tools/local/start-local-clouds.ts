/** Brings the sites of a declaration up on this machine: one host process each, then the links between them. */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import { bundleFunctions } from '../build/bundle-functions.ts'
import { compileCache } from '../cache-folder.ts'
import { requireJava } from './aws/require-java.ts'
import { checkEndpoints } from './check-endpoints.ts'
import { askSite } from './control-client.ts'
import {
  clearState,
  isAlive,
  type LocalFolder,
  type LocalState,
  readState,
  writeEndpoints,
  writeState,
  writeVariables,
} from './local-folder.ts'
import { replacedEndpoint } from './replaced-endpoints.ts'
import { makeSiteKeys } from './site-keys.ts'
import type { SiteProcessMessage, SiteProcessOptions } from './site-process.ts'
import type { Timing } from './timing.ts'

export interface StartOptions {
  readonly folder: LocalFolder
  /** Path of the declaration. */
  readonly config: string
  /** The clouds go on when this process ends. */
  readonly detached: boolean
  /** Default `fast`. */
  readonly timing?: Timing
  readonly onProgress: (text: string) => void
  readonly recordEventsTo?: string
  /** Aborted: what was started so far is ended again. */
  readonly signal?: AbortSignal
}

export interface LocalClouds {
  readonly plan: SyncPlan
  readonly state: LocalState
}

/** Clouds are up already, from this folder. */
class AlreadyUp extends Error {
  constructor(folder: LocalFolder) {
    super(`the local clouds are up already (${folder.path}); end them with: npx tributary local down`)
    this.name = 'AlreadyUp'
  }
}

type Ready = Extract<SiteProcessMessage, { kind: 'ready' }>

export async function startLocalClouds(options: StartOptions): Promise<LocalClouds> {
  const { folder, onProgress, timing = 'fast' } = options
  const before = await readState(folder)
  if (before && (await isUp(before))) throw new AlreadyUp(folder)

  const config = resolve(options.config)
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
  await checkEndpoints(plan, process.env)
  const startsDynamoDb = replacedEndpoint(process.env, 'AWS_ENDPOINT_URL_DYNAMODB') === undefined
  if (startsDynamoDb && plan.sites.some(({ cloud }) => cloud === 'aws')) await requireJava()
  onProgress('bundling the functions')
  const bundles = join(folder.path, 'functions')
  const clouds = [...new Set(plan.sites.map(({ cloud }) => cloud))]
  await bundleFunctions({ config, out: bundles, clouds, mayBeKept: true })

  const secret = randomBytes(24).toString('base64url')
  const keys = Object.fromEntries(
    await Promise.all(plan.sites.map(async ({ id }) => [id, await makeSiteKeys()] as const)),
  )
  await mkdir(folder.path, { recursive: true })
  const started = plan.sites.map(({ id, cloud }) => {
    const log = join(folder.path, `${id}.log`)
    const site: SiteProcessOptions = {
      site: id,
      config,
      bundles: join(bundles, cloud),
      keys,
      secret,
      log,
      detached: options.detached,
      timing,
      ...(options.recordEventsTo === undefined ? {} : { recordEventsTo: join(options.recordEventsTo, cloud) }),
    }
    return startSite(site, options)
  })
  const sites = await allOrNone(started)

  const state: LocalState = {
    startedAt: new Date().toISOString(),
    config,
    timing,
    secret,
    cut: [],
    sites: Object.fromEntries(
      sites.map(({ id, pid, ready }) => [id, { pid, control: ready.control, log: join(folder.path, `${id}.log`) }]),
    ),
  }
  await writeState(folder, state)
  await writeEndpoints(folder, Object.fromEntries(sites.map(({ id, ready }) => [id, ready.endpoints])))
  await writeVariables(
    folder,
    sites.map(({ id, ready }) => [id, ready.variables]),
  )
  const ingests = Object.fromEntries(sites.map(({ id, ready }) => [id, ready.ingest]))
  await Promise.all(
    sites.map(({ id, ready }) => askSite({ site: id, url: ready.control, secret }, { ask: 'connect', ingests })),
  )
  return { plan, state }
}

interface StartedSite {
  readonly id: string
  readonly pid: number
  readonly ready: Ready
  end(): void
}

function startSite(options: SiteProcessOptions, { onProgress, signal }: StartOptions): Promise<StartedSite> {
  const { site: id, detached, log } = options
  const child = fork(fileURLToPath(new URL('./site-process.ts', import.meta.url)), [], {
    detached,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...process.env, ...compileCache },
  })
  const { promise, resolve: succeed, reject } = Promise.withResolvers<StartedSite>()
  child.on('message', (message: SiteProcessMessage) => {
    if (message.kind === 'progress') onProgress(`${id}: ${message.text}`)
    else if (message.kind === 'failed') reject(new Error(`${id} did not start: ${message.message} (log: ${log})`))
    else {
      // In the foreground the channel stays open: when it breaks, the site ends.
      if (detached) {
        child.disconnect()
        child.unref()
      }
      succeed({ id, pid: child.pid ?? 0, ready: message, end: () => child.kill('SIGTERM') })
    }
  })
  child.on('exit', code => reject(new Error(`${id} ended with code ${code} before it was ready (log: ${log})`)))
  child.on('error', reject)
  signal?.addEventListener('abort', () => {
    child.kill('SIGTERM')
    reject(new Error('interrupted'))
  })
  void writeFile(log, '', { flag: 'a' })
  child.send(options)
  return promise
}

/** If one site does not start, the others are ended again. */
async function allOrNone(started: readonly Promise<StartedSite>[]): Promise<readonly StartedSite[]> {
  const settled = await Promise.allSettled(started)
  const failed = settled.find(result => result.status === 'rejected')
  const sites = settled.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  if (!failed) return sites
  for (const site of sites) site.end()
  throw failed.reason
}

/**
 * Ends what `startLocalClouds` started, and waits until it has ended. True if anything was up. Only a process that
 * answers with our secret is touched: a process id in an old file may be anybody's by now.
 */
export async function stopLocalClouds(folder: LocalFolder): Promise<boolean> {
  const state = await readState(folder)
  if (!state) return false
  const stopped = await Promise.all(
    Object.entries(state.sites).map(async ([site, { control, pid }]) => {
      if (!isAlive(pid) || !(await answers(site, control, state.secret, 'stop'))) return false
      await untilEnded(pid)
      return true
    }),
  )
  await clearState(folder)
  return stopped.includes(true)
}

/** Whether the host process of this site is there and ours. */
async function answers(site: string, url: string, secret: string, ask: 'identify' | 'stop'): Promise<boolean> {
  try {
    await askSite({ site, url, secret }, { ask })
    return true
  } catch {
    return false
  }
}

async function isUp({ sites, secret }: LocalState): Promise<boolean> {
  const up = Object.entries(sites).map(([site, { control }]) => answers(site, control, secret, 'identify'))
  return (await Promise.all(up)).includes(true)
}

const endWithinMs = 10_000

async function untilEnded(pid: number): Promise<void> {
  const deadline = Date.now() + endWithinMs
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      return
    }
    await new Promise(resume => setTimeout(resume, 50))
  }
}
