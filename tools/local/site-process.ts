/**
 * The host process of one local site: the emulators, the functions' workers, the triggers between them and the links
 * to the other sites. Started by `startLocalClouds`, which tells it what to be as its first message.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { JWK } from 'jose'
import type { z } from 'zod'
import { createSigner } from '../../functions/common/session-signer.ts'
import { peersOf, type SyncPlan, siteOf } from '../../shared/declare/sync-plan.ts'
import { pruneAfterMs } from '../../shared/replicate/message-age.ts'
import { listLetters } from '../stores/dead-letter-queue.ts'
import { answerStores } from '../stores/store-protocol.ts'
import { bundledPlan } from './bundled-plan.ts'
import type { controlRequest } from './control-protocol.ts'
import { startControlServer } from './control-server.ts'
import { type Link, openLink } from './link.ts'
import type { LocalFunction, LocalSite, SiteEndpoints, StartLocalSite } from './local-site.ts'
import { createPruner, type Pruner, startPruning } from './prune-site.ts'
import { startRecording } from './record-events.ts'
import { roundTripMs } from './round-trip.ts'
import { clockAheadMs, setClockAhead } from './runtime/site-clock.ts'
import { siteFigures, siteIsReady } from './site-figures.ts'
import type { Timing } from './timing.ts'

export interface SiteProcessOptions {
  readonly site: string
  /** Path of the compiled declaration's module. */
  readonly config: string
  readonly bundles: string
  readonly keys: Readonly<Record<string, { readonly publicKey: JWK; readonly privateKey: JWK }>>
  readonly secret: string
  readonly log: string
  /** Goes on when its parent ends. */
  readonly detached: boolean
  readonly timing: Timing
  /** Writes the first event of every function into this folder. */
  readonly recordEventsTo?: string
}

export type SiteProcessMessage =
  | { readonly kind: 'progress'; readonly text: string }
  | {
      readonly kind: 'ready'
      readonly control: string
      readonly ingest: string
      readonly endpoints: SiteEndpoints
      readonly variables: Readonly<Record<string, string>>
    }
  | { readonly kind: 'failed'; readonly message: string }

/** As the clouds' schedules; TRIBUTARY_LOCAL_PRUNE_MS sets another interval. */
const pruneEveryMs = 3_600_000

/**
 * What has not ended by then ends with the process: nothing of it has to be written, and servers that are processes of
 * their own have somebody who sees to it. Shorter than `down` waits before it ends the process by force.
 */
const stopMsMax = 8_000

const send = (message: SiteProcessMessage) => process.send?.(message)

/** Each cloud's own part is loaded only where it runs. */
async function loadCloud(cloud: string): Promise<StartLocalSite> {
  if (cloud === 'aws') return (await import('./aws/local-site.ts')).startAwsSite
  if (cloud === 'gcp') return (await import('./gcp/local-site.ts')).startGcpSite
  return (await import('./azure/local-site.ts')).startAzureSite
}

async function openLinks(plan: SyncPlan, site: string, timing: Timing): Promise<ReadonlyMap<string, Link>> {
  const here = siteOf(plan, site)
  const opened = peersOf(plan, site).map(async peer => {
    // Timers know whole milliseconds; shorter than the real way is worse than longer.
    const oneWayMs = timing === 'cloud' ? Math.ceil(roundTripMs(here, peer) / 2) : 0
    return [peer.id, await openLink({ oneWayMs })] as const
  })
  return new Map(await Promise.all(opened))
}

async function run(options: SiteProcessOptions): Promise<void> {
  const { site, config, secret, keys, detached, timing } = options
  const { default: plan }: { default: SyncPlan } = await import(pathToFileURL(config).href)
  const links = await openLinks(plan, site, timing)
  const listeners = new Set<(line: string) => void>()
  const log = (line: string) => {
    appendFileSync(options.log, `${new Date().toISOString()} ${line}\n`)
    for (const listen of listeners) listen(line)
  }
  const environment = {
    TRIBUTARY_SITE: site,
    TRIBUTARY_SIGNING_KEY: JSON.stringify(keys[site]?.privateKey),
    TRIBUTARY_PEERS: JSON.stringify(
      Object.fromEntries([...links].map(([peer, { url }]) => [peer, { url, keys: [keys[peer]?.publicKey] }])),
    ),
  }
  const start = await loadCloud(siteOf(plan, site).cloud)
  const running = await start({
    site,
    plan,
    bundles: options.bundles,
    environment,
    timing,
    onLog: log,
    onProgress: text => send({ kind: 'progress', text }),
  })
  if (options.recordEventsTo !== undefined) startRecording(options.recordEventsTo)

  let present = { running, pruner: await createPruner({ running, links, keys }) }
  const everyMs = Number(process.env.TRIBUTARY_LOCAL_PRUNE_MS ?? pruneEveryMs)
  const endPruning = startPruning(olderThanMs => present.pruner(olderThanMs), everyMs, pruneAfterMs, log)

  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      endPruning()
      await present.running.stop()
      await Promise.all([...links.values()].map(link => link.stop()))
      await control.stop()
    })()
    return stopping
  }
  const end = () => {
    setTimeout(() => {
      log(`still not stopped after ${stopMsMax / 1000} s: ended with what was under way`)
      process.exit(1)
    }, stopMsMax)
    void stop().finally(() => process.exit(0))
  }
  const controlled: Controlled = {
    ...{ site, links, keys, listeners },
    present: () => present,
    redeploy: async (plan, functions) => {
      const next = await present.running.redeploy({ plan, bundles: join(functions, siteOf(plan, site).cloud) })
      present = { running: next, pruner: await createPruner({ running: next, links, keys }) }
      log(`runs the declaration ${plan.hash}`)
    },
    endFunctions: async () => {
      endPruning()
      await present.running.endFunctions()
    },
  }
  const answer = controlAnswers(controlled, end)
  const control = await startControlServer(secret, answer)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end)
  // Whoever started this in the foreground is gone, by Ctrl-C or by force: end with it.
  if (!detached) process.on('disconnect', end)
  const { endpoints, variables, ingestUrl } = running
  siteIsReady()
  send({ kind: 'ready', control: control.url, ingest: ingestUrl, endpoints, variables })
}

type Asked = z.output<typeof controlRequest>

interface Controlled {
  readonly site: string
  present(): { readonly running: LocalSite; readonly pruner: Pruner }
  readonly links: ReadonlyMap<string, Link>
  readonly keys: SiteProcessOptions['keys']
  /** Told every line of the site's log. */
  readonly listeners: Set<(line: string) => void>
  readonly endFunctions: () => Promise<void>
  readonly redeploy: (plan: SyncPlan, functions: string) => Promise<void>
}

function controlAnswers(controlled: Controlled, exit: () => void) {
  const { site, links, keys, listeners } = controlled
  let ending: Promise<void> | undefined
  let deploying: Promise<void> = Promise.resolve()
  const redeploy = async ({ config, functions }: Extract<Asked, { ask: 'redeploy' }>) => {
    if (ending) throw new Error('its functions have ended (local destroy); run local down and up')
    const plan = await bundledPlan(functions, config)
    const peers = peersOf(plan, site).map(({ id }) => id)
    if (new Set(peers).symmetricDifference(links).size > 0) {
      const [has, had] = [peers, [...links.keys()]].map(ids => ids.toSorted().join(', ') || 'nobody')
      throw new Error(
        `it would exchange changes with ${has}, not with ${had}; that needs: npx tributary local down, and up`,
      )
    }
    await controlled.redeploy(plan, functions)
  }
  const functionNamed = (name: string) => {
    const { running } = controlled.present()
    const found = running.functions.find(candidate => candidate.name === name)
    if (!found) throw new Error(`no function '${name}'; this site has ${running.functions.map(f => f.name).join(', ')}`)
    return found
  }
  return async (asked: Asked): Promise<unknown> => {
    const { running, pruner } = controlled.present()
    switch (asked.ask) {
      case 'connect':
        for (const [peer, url] of Object.entries(asked.ingests)) links.get(peer)?.connect(url)
        return {}
      case 'cut':
        for (const [peer, link] of links) link.cut(asked.sites.includes(site) || asked.sites.includes(peer))
        return {}
      case 'delay':
        links.get(asked.peer)?.delay(asked.ms)
        return {}
      case 'refuse':
        for (const link of links.values()) link.refuse(asked.status ?? undefined)
        return {}
      case 'status':
        return {
          triggers: running.triggers(),
          deadLetters: (await listLetters(running.takeLetters)).length,
          nowMs: Date.now() + clockAheadMs(),
          functionsEnded: ending !== undefined,
          plan: running.ports.here.plan.hash,
        }
      case 'clock':
        setClockAhead(asked.aheadMs)
        return {}
      case 'invoke':
        return invokeListening(functionNamed(asked.function), asked.event, listeners)
      case 'token':
        return { token: await tokenFor(site, keys, asked.as, asked.body) }
      case 'kill':
        await functionNamed(asked.function).kill()
        return {}
      case 'faults':
        Object.assign(running.faults, asked.faults)
        return {}
      case 'prune':
        return pruner(asked.olderThanMs)
      case 'figures':
        return siteFigures(running.functions, asked.collected)
      case 'end-functions':
        ending ??= deploying.catch(() => undefined).then(() => controlled.endFunctions())
        await ending
        return {}
      case 'redeploy':
        deploying = deploying.catch(() => undefined).then(() => redeploy(asked))
        await deploying
        return { endpoints: controlled.present().running.endpoints }
      case 'identify':
        return { site, nowMs: Date.now() + clockAheadMs(), plan: running.ports.here.plan.hash }
      case 'stop':
        setImmediate(exit)
        return {}
      default:
        return answerStores(running, asked)
    }
  }
}

/** The function's result, or how it failed, how long it took, and what it wrote meanwhile. */
async function invokeListening(fn: LocalFunction, event: unknown, listeners: Controlled['listeners']) {
  const log: string[] = []
  // A line starts with the name of the function or of the app that holds it.
  const listen = (line: string) => {
    const [name = '', ...words] = line.split(' ')
    if (fn.name.startsWith(name)) log.push(words.join(' '))
  }
  listeners.add(listen)
  try {
    const startedMs = performance.now()
    const result = await fn.invoke(event).catch((error: unknown) => ({ failed: String(error) }))
    const tookMs = performance.now() - startedMs
    // What a worker writes arrives behind its answer.
    await new Promise(resume => setTimeout(resume, 50))
    return { result: result ?? null, log, tookMs }
  } finally {
    listeners.delete(listen)
  }
}

/** For `invoke`: a request that another site could have made just now. */
async function tokenFor(site: string, keys: SiteProcessOptions['keys'], as: string, body: string): Promise<string> {
  const key = keys[as]?.privateKey
  if (!key) throw new Error(`no site '${as}'; the plan has ${Object.keys(keys).join(', ')}`)
  const sign = createSigner(key)
  return sign({ issuer: as, audience: site, body: Buffer.from(body, 'base64'), nowMs: Date.now() })
}

process.once('message', (options: SiteProcessOptions) => {
  run(options).catch((error: unknown) => {
    send({ kind: 'failed', message: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    process.exitCode = 1
    process.disconnect?.()
    setTimeout(() => process.exit(1), 1000).unref()
  })
})
