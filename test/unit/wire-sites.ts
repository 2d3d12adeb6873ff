/** Two sites with real keys and real requests between them, but no network. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { createSigner } from '../../functions/common/session-signer.ts'
import type { SiteId } from '../../shared/causality/dot.ts'
import type { Peer, PeerStandings } from '../../shared/ports/index.ts'
import { createHttpPeer, type HttpPeerOptions } from '../../shared/wire/http-peer.ts'
import {
  answerIngest,
  type IngestEndpointPorts,
  type IngestRequest,
  type IngestResponse,
} from '../../shared/wire/ingest-endpoint.ts'
import { createVerifier, type Sign, type Verify } from '../../shared/wire/token.ts'
import plan from '../../sync.config.ts'
import { MemorySite } from './memory-site.ts'

export const aws = 'aws-us-east-1'
export const gcp = 'gcp-us-central1'

export interface Keys {
  readonly privateKey: JWK
  readonly publicKey: JWK
}

export async function keyPair(): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { privateKey: await exportJWK(privateKey), publicKey: await exportJWK(publicKey) }
}

export interface Wire {
  readonly sender: MemorySite
  readonly receiver: MemorySite
  /** Signs as the sender, and as anybody else who has the sender's key. */
  readonly sign: Sign
  readonly signAsReceiver: Sign
  readonly verifyAsSender: Verify
  readonly ports: IngestEndpointPorts
  /** The receiver as the sender sees it; `between` may change what passes in either direction. */
  peer(between?: Between, options?: Partial<HttpPeerOptions>): Peer & PeerStandings
}

export interface Between {
  readonly request?: (request: IngestRequest) => IngestRequest
  readonly response?: (response: IngestResponse) => IngestResponse
}

export async function wire(): Promise<Wire> {
  const [senderKeys, receiverKeys] = [await keyPair(), await keyPair()]
  const [sender, receiver] = [new MemorySite(plan, aws), new MemorySite(plan, gcp)]
  const sign = createSigner(senderKeys.privateKey)
  const signAsReceiver = createSigner(receiverKeys.privateKey)
  const verifyAsSender = await createVerifier(new Map([[gcp, [receiverKeys.publicKey]]]))
  const verify = await createVerifier(new Map([[aws, [senderKeys.publicKey]]]))
  const ports: IngestEndpointPorts = { ...receiver.ports, sign: signAsReceiver, verify }

  function peer(
    { request: changeRequest, response: changeResponse }: Between = {},
    options = {},
  ): Peer & PeerStandings {
    const pass = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const sent = new Request(input, init)
      const request = { headers: Object.fromEntries(sent.headers), body: new Uint8Array(await sent.arrayBuffer()) }
      const response = await answerIngest(changeRequest?.(request) ?? request, ports)
      const { status, headers, body } = changeResponse?.(response) ?? response
      return new Response(body, { status, headers })
    }
    return createHttpPeer({
      site: aws,
      peer: gcp,
      url: 'https://ingest.example.org/',
      clock: sender.clock,
      sign,
      verify: verifyAsSender,
      fetch: pass,
      ...options,
    })
  }
  return { sender, receiver, sign, signAsReceiver, verifyAsSender, ports, peer }
}

/** A request as `issuer` would send this body. */
export async function requestOf(
  sign: Sign,
  body: Uint8Array,
  nowMs: number,
  { issuer = aws, audience = gcp, encoding }: { issuer?: SiteId; audience?: SiteId; encoding?: string } = {},
): Promise<IngestRequest> {
  const token = await sign({ issuer, audience, body, nowMs })
  return { headers: { authorization: `Bearer ${token}`, 'content-encoding': encoding }, body }
}
