/** A peer of the site under test: another site in memory behind a real ingest, with a root key that a declaration can name. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { expect, vi } from 'vitest'
import { createSigner } from '../../functions/common/session-signer.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import type { Verify } from '../../shared/wire/token.ts'
import { createRemoteSite, type RemoteSite } from '../local/remote-site.ts'

export interface RunningPeer {
  readonly id: string
  readonly site: RemoteSite
  /** As a declaration names them. */
  readonly declared: { readonly ingest: string; readonly rootKeys: { readonly first: string } }
  /** What an application there writes (undefined: deletes), sent to the site under test until that has it, as a forward does. */
  deliver(ref: RecordRef, document: Document | undefined, to: { site: string; url: string }): Promise<void>
  /** The same document under several keys, in one request. */
  deliverMany(refs: readonly RecordRef[], document: Document, to: { site: string; url: string }): Promise<void>
  stop(): void
}

/** `verify`: who is believed. A type that `plan` does not have is refused. */
export async function startRunningPeer(plan: SyncPlan, id: string, verify: Verify): Promise<RunningPeer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const sign = createSigner(privateKey.export({ format: 'jwk' }))
  const remote = createRemoteSite(plan, id)
  const deliver = async (events: readonly ChangeEvent[], { site, url }: { site: string; url: string }) => {
    const peer = createHttpPeer({ site: id, peer: site, url, clock: remote.clock, sign, verify })
    await vi.waitFor(
      async () => {
        for (const { answer } of await peer.deliver(events)) expect(['applied', 'duplicate']).toContain(answer)
      },
      { timeout: 90_000, interval: 100 },
    )
  }
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const answer = await answerIngest({ headers, body }, { ...remote, sign, verify })
    response.writeHead(answer.status, { ...answer.headers }).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    id,
    site: remote,
    declared: {
      ingest: `http://127.0.0.1:${Object(server.address()).port}/ingest`,
      rootKeys: { first: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
    },
    deliver: async (ref, document, to) => deliver(await remote.write(ref, document), to),
    async deliverMany(refs, document, to) {
      const events: ChangeEvent[] = []
      for (const ref of refs) events.push(...(await remote.write(ref, document)))
      await deliver(events, to)
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The declaration as it is once the peers are deployed. The bundles do not hold what this adds. */
export function planWith(plan: SyncPlan, peers: ReadonlyMap<string, RunningPeer>): SyncPlan {
  return { ...plan, sites: plan.sites.map(site => ({ ...site, ...peers.get(site.id)?.declared })) }
}
