/** Runs the chosen suites, all at once: each has a server of its own, and most of their time is waiting. */
import type { Environment } from '../../tools/local/replaced-endpoints.ts'
import type { Suite } from './behaviour.ts'
import { clientVersions } from './client-versions.ts'
import { startLocalServers } from './local-servers.ts'
import { realServer } from './real-servers.ts'
import type { ConformanceReport, SuiteResult } from './report.ts'
import { type RunOptions, runSuite, type ServerUnderTest } from './run-suite.ts'

export interface ConformanceOptions extends RunOptions {
  readonly target: 'local' | 'real'
  readonly suites: readonly Suite[]
  readonly environment: Environment
}

export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const { target, suites, environment, onProgress, signal } = options
  const startedAt = new Date()
  const services = suites.map(({ service }) => service)
  const local = target === 'local' ? await startLocalServers(services, environment, onProgress) : undefined
  try {
    const serverOf = (service: string) => local?.servers.get(service) ?? realServer(service, environment)
    const results = await Promise.all(suites.map(suite => runOrSkip(suite, serverOf(suite.service), options)))
    return {
      startedAt: startedAt.toISOString(),
      seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
      target,
      node: process.version,
      interrupted: signal.aborted,
      suites: results,
    }
  } finally {
    await local?.stop()
  }
}

async function runOrSkip(suite: Suite, server: ServerUnderTest | string, options: RunOptions): Promise<SuiteResult> {
  if (typeof server !== 'string') return runSuite(suite, server, options)
  return { service: suite.service, clients: clientVersions(suite.clients), notRun: server, rows: [], left: [] }
}
