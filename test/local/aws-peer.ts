/** The other side of the wire in tests of one site: it takes and answers signed batches, and makes changes of its own. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { JWK } from 'jose'
import { createSigner } from '../../functions/common/session-signer.ts'
import { systemClock } from '../../functions/common/system-clock.ts'
import type { SyncPlan } from '../../shared/declare/sync-plan.ts'
import type { Document } from '../../shared/document/json.ts'
import { MemoryDatabase } from '../../shared/ports/memory/memory-database.ts'
import { capture } from '../../shared/replicate/capture.ts'
import type { Change } from '../../shared/replicate/change.ts'
import { changeEventOf, decodeChange } from '../../shared/replicate/change-event.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { wholeChange } from '../../shared/replicate/make-change.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { decodeRecord } from '../../shared/replicate/sync-record.ts'
import { answerTokenHeader } from '../../shared/wire/ingest-endpoint.ts'
import { decodeBody, encodeBody } from '../../shared/wire/request-body.ts'
import { createVerifier, digestOf, type Sign, type Verify } from '../../shared/wire/token.ts'

export interface KeyPair {
  readonly publicKey: JWK
  readonly privateKey: JWK
}

export function newKeyPair(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey: publicKey.export({ format: 'jwk' }), privateKey: privateKey.export({ format: 'jwk' }) }
}

export interface Peer {
  readonly id: string
  readonly url: string
  readonly keys: KeyPair
  /** Every change that arrived in a batch whose token proved its sender and its body. */
  readonly arrived: Change[]
  /** While true it answers 503. */
  down: boolean
  readonly sign: Sign
  stop(): Promise<void>
}

export async function startPeer(id: string, site: string, siteKey: JWK): Promise<Peer> {
  const keys = newKeyPair()
  const sign = createSigner(keys.privateKey)
  const verify = await createVerifier(new Map([[site, [siteKey]]]))
  const arrived: Change[] = []
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    if (peer.down) return void response.writeHead(503).end()
    arrived.push(...(await changesIn(body, request.headers, verify, id)))
    const count = (await decodeBody(body, request.headers['content-encoding'])).length
    const answer = JSON.stringify({ answers: Array.from({ length: count }, () => ({ answer: 'applied' })) })
    const token = await sign({
      issuer: id,
      audience: site,
      body: Buffer.from(answer),
      nowMs: Date.now(),
      inReplyTo: digestOf(body),
    })
    response.writeHead(200, { [answerTokenHeader]: token }).end(answer)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer: Peer = {
    id,
    url: `http://127.0.0.1:${Object(server.address()).port}/ingest`,
    keys,
    arrived,
    down: false,
    sign,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return peer
}

async function changesIn(
  body: Buffer,
  headers: IncomingHttpHeaders,
  verify: Verify,
  id: string,
): Promise<readonly Change[]> {
  const { digest } = await verify(headers.authorization?.slice('Bearer '.length), id, Date.now())
  if (digest !== digestOf(body)) throw new Error('the token is for another body')
  return (await decodeBody(body, headers['content-encoding'])).map(decodeChange)
}

/** What `peer` sends after its application wrote `document`: the record's whole state there. */
export async function changeOf(plan: SyncPlan, peer: string, ref: RecordRef, document: Document): Promise<Change> {
  const here = createHere(plan, peer)
  const database = new MemoryDatabase('versioned', { documentWritten: () => {}, recordWritten: () => {} })
  database.write(ref, () => document)
  const deadLetters = { put: async () => {} }
  await capture(ref, { here, clock: systemClock, store: database.connect(), deadLetters })
  return wholeChange(ref, decodeRecord(database.record(ref) ?? ''), here, systemClock.now())
}

/** Body and headers of a request that delivers `changes`, as the peer's forward makes it. */
export async function requestOf(changes: readonly Change[], { id, sign }: Peer, audience: string) {
  const body = new Uint8Array(await encodeBody(changes.map(change => changeEventOf(change).text)))
  const token = await sign({ issuer: id, audience, body, nowMs: Date.now() })
  return {
    body,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/cloudevents-batch+json',
      'content-encoding': 'br',
    },
  }
}
