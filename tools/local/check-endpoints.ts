/**
 * Can the servers be used that the environment names (see replaced-endpoints.ts)? Asked before anything is started, and
 * answered with every fault at once: variables are easily left over in a shell, for example from the `.local/env` of
 * clouds that have ended, and then name servers that are gone.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cloud, SyncPlan } from '../../shared/declare/sync-plan.ts'
import { cosmosAccount, storageEndpoints } from './azure/account-addresses.ts'
import { type EndpointVariable, type Environment, endpointVariables, replacedEndpoint } from './replaced-endpoints.ts'

/** A server that was started just before may need a moment. */
const answerWithinMs = 3_000
const askAgainMs = 100

/** The message names every variable that cannot be followed, why, and how to unset them. */
class EndpointsUnusable extends Error {
  constructor(faults: ReadonlyMap<EndpointVariable, string>) {
    const lines = [...faults].map(([variable, fault]) => `  ${variable}: ${fault}`)
    const remedy = `to have these servers started here: unset ${[...faults.keys()].join(' ')}`
    super(['the environment names servers that cannot be used', ...lines, `  ${remedy}`].join('\n'))
    this.name = 'EndpointsUnusable'
  }
}

/** Rejects with `EndpointsUnusable`. Variables of clouds that the plan has no site of do not matter. */
export async function checkEndpoints(plan: SyncPlan, environment: Environment): Promise<void> {
  const clouds = [...new Set(plan.sites.map(({ cloud }) => cloud))]
  const checks = clouds.flatMap(cloud =>
    endpointVariables[cloud].map(async variable => {
      const value = replacedEndpoint(environment, variable)
      return [variable, value === undefined ? undefined : await faultOf(variable, value, cloud, plan)] as const
    }),
  )
  const faults = new Map<EndpointVariable, string>()
  for (const [variable, fault] of await Promise.all(checks)) if (fault !== undefined) faults.set(variable, fault)
  if (faults.size > 0) throw new EndpointsUnusable(faults)
}

async function faultOf(
  variable: EndpointVariable,
  value: string,
  cloud: Cloud,
  plan: SyncPlan,
): Promise<string | undefined> {
  const sites = plan.sites.filter(site => site.cloud === cloud).map(({ id }) => id)
  if (sites.length > 1) return `one server cannot stand for several sites (${sites.join(', ')})`
  try {
    const address = addressIn(variable, value)
    return (await answers(address)) ? undefined : `nothing answers at ${address.host}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function addressIn(variable: EndpointVariable, value: string): URL {
  if (variable === 'TRIBUTARY_COSMOS') return new URL(cosmosAccount(value).endpoint)
  if (variable === 'TRIBUTARY_STORAGE') return new URL(storageEndpoints(value).queue)
  // Google's variables hold `host:port`, Amazon's a URL.
  const address = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(address)) throw new Error(`'${value}' is no address`)
  return new URL(address)
}

async function answers(address: URL): Promise<boolean> {
  const deadline = Date.now() + answerWithinMs
  while (!(await accepts(address))) {
    if (Date.now() > deadline) return false
    await sleep(askAgainMs)
  }
  return true
}

/** Whether somebody listens there: what the server is shows when it is used. */
function accepts({ protocol, hostname, port }: URL): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80), timeout: answerWithinMs })
  return new Promise(resolve => {
    const settle = (accepted: boolean) => {
      socket.destroy()
      resolve(accepted)
    }
    socket.on('connect', () => settle(true))
    socket.on('timeout', () => settle(false))
    socket.on('error', () => settle(false))
  })
}
