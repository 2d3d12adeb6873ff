/** The express lane of this site's tier-1 types, to the peers that the environment names; none named: no lane. */
import { isExpress } from '../../shared/declare/sync-plan.ts'
import type { ControlStore } from '../../shared/ports/index.ts'
import {
  createExpressLane,
  type ExpressPeer,
  type ExpressRun,
  expressTimeoutMs,
} from '../../shared/replicate/express-lane.ts'
import { createFlowControl } from '../../shared/replicate/flow-control.ts'
import type { Here } from '../../shared/replicate/here.ts'
import type { Sign } from '../../shared/wire/token.ts'
import { namesPeers, peersFrom, type Variables } from './environment.ts'
import { logFailure } from './log.ts'
import { peerAt } from './signing.ts'
import { systemClock as clock } from './system-clock.ts'

/** One for each instance; called once for each invocation. */
export async function expressLaneFrom(
  variables: Variables,
  here: Here,
  control: ControlStore,
  sign: () => Sign,
): Promise<() => ExpressRun> {
  return createExpressLane({ here, clock, peers: await expressPeers(variables, here, control, sign) })
}

/** Capture must not fail for a key or an address that it can do without: then there is no lane, and a line in the log. */
async function expressPeers(
  variables: Variables,
  here: Here,
  control: ControlStore,
  sign: () => Sign,
): Promise<ReadonlyMap<string, ExpressPeer>> {
  const peers = new Map<string, ExpressPeer>()
  const isWanted = [...here.types.values()].some(({ plan }) => isExpress(plan))
  if (!isWanted || !namesPeers(variables)) return peers
  try {
    for (const id of peersFrom(variables).keys()) {
      const peer = await peerAt(variables, here.site, id, { sign: sign(), timeoutMs: expressTimeoutMs })
      peers.set(id, { peer, flow: createFlowControl({ control, clock, peer: id }) })
    }
  } catch (error) {
    logFailure({ site: here.site, function: 'capture', error })
  }
  return peers
}
