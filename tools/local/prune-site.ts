/** Prune on this machine: the same flow, on the site's own stores, with peers behind the links that can be cut. */
import type { JWK } from 'jose'
import { createSigner } from '../../functions/common/session-signer.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { type Pruned, prune } from '../../shared/replicate/prune.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { createVerifier } from '../../shared/wire/token.ts'
import type { Link } from './link.ts'
import type { LocalSite } from './local-site.ts'

export interface PrunerOptions {
  readonly running: LocalSite
  readonly links: ReadonlyMap<string, Link>
  readonly keys: Readonly<Record<string, { readonly publicKey: JWK; readonly privateKey: JWK }>>
}

/** `olderThanMs`: how old a tombstone must be. Less than the life of a message is for trials. */
export type Pruner = (olderThanMs: number) => Promise<Pruned>

export async function createPruner({ running, links, keys }: PrunerOptions): Promise<Pruner> {
  const { here, store } = running.ports
  const own = keys[here.site]
  if (!own) throw new Error(`no keys for ${here.site}`)
  const sign = createSigner(own.privateKey)
  const verify = await createVerifier(new Map(Object.entries(keys).map(([site, { publicKey }]) => [site, [publicKey]])))
  const peers = new Map<string, Peer & PeerStandings>(
    [...links].map(([peer, { url }]) => [
      peer,
      createHttpPeer({ site: here.site, peer, url, clock: systemClock, sign, verify }),
    ]),
  )
  const ports = { here, clock: systemClock, store, tombstones: running.tombstones, peers }
  return olderThanMs => prune(ports, { olderThanMs })
}

/** The schedule of the clouds, for as long as the site runs. Returns how to end it. */
export function startPruning(pruner: Pruner, everyMs: number, olderThanMs: number, log: (line: string) => void) {
  const timer = setInterval(() => {
    pruner(olderThanMs).then(
      pruned => log(`prune ${JSON.stringify(pruned)}`),
      (error: unknown) => log(`prune failed: ${String(error)}`),
    )
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
