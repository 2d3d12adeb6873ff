/**
 * Changes per second through the flows alone, on one core: memory adapters, no network, but everything that is ours:
 * capture, publish, the event's JSON, batches of 100, compression, one signature per batch and one per answer,
 * verification, and two ingests (one per peer) with their own JSON and merges.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import plan from '#plan'
import { createSigner } from '../../functions/common/session-signer.ts'
import type { Document } from '../../shared/document/json.ts'
import { MemoryAuditStore } from '../../shared/ports/memory/memory-audit-store.ts'
import { MemoryBus } from '../../shared/ports/memory/memory-bus.ts'
import { MemoryDatabase, type RecordWritten } from '../../shared/ports/memory/memory-database.ts'
import { MemoryDeadLetters } from '../../shared/ports/memory/memory-dead-letters.ts'
import { openFlowControl } from '../../shared/ports/memory/open-flow-control.ts'
import { capture } from '../../shared/replicate/capture.ts'
import { forward } from '../../shared/replicate/forward.ts'
import { createHere } from '../../shared/replicate/here.ts'
import { publish } from '../../shared/replicate/publish.ts'
import type { RecordRef } from '../../shared/replicate/record-ref.ts'
import { createHttpPeer } from '../../shared/wire/http-peer.ts'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { createVerifier } from '../../shared/wire/token.ts'
import { makeSiteKeys } from '../../tools/local/site-keys.ts'

const clock = { now: () => Date.now(), sleep: (ms: number) => sleep(ms) }
const kinds = ['transactional', 'versioned', 'batched'] as const
const batch = 100

export interface FlowsResult {
  readonly changes: number
  readonly changesPerSecond: number
  /** Of one change's event in a batch, compressed. */
  readonly bytesPerChange: number
}

async function openSites() {
  const ids = plan.sites.map(({ id }) => id)
  const keys = new Map(await Promise.all(ids.map(async id => [id, await makeSiteKeys()] as const)))
  const verify = await createVerifier(new Map([...keys].map(([id, { publicKey }]) => [id, [publicKey]])))
  return Promise.all(
    ids.map(async (id, index) => {
      const written: RecordWritten[] = []
      const database = new MemoryDatabase(kinds[index] ?? 'versioned', {
        documentWritten: () => undefined,
        recordWritten: write => void written.push(write),
      })
      const key = keys.get(id)
      if (!key) throw new Error('every site has a key')
      return {
        id,
        written,
        database,
        store: database.connect(),
        here: createHere(plan, id),
        audit: new MemoryAuditStore().connect(),
        bus: new MemoryBus(),
        deadLetters: new MemoryDeadLetters().connect(),
        flow: openFlowControl,
        sign: createSigner(key.privateKey),
        verify,
        clock,
      }
    }),
  )
}

/** A cart with so many lines; every round changes one of them. */
function cart(customer: number, round: number, lines: number): Document {
  const items = Object.fromEntries(
    Array.from({ length: lines }, (_, line) => [
      `sku-${customer}-${line}`,
      {
        quantity: line === round % lines ? round + 1 : line,
        note: `line ${line} of customer ${customer}, in some words`,
      },
    ]),
  )
  return { currency: 'EUR', items }
}

export async function benchFlows(rounds: number, lines: number): Promise<FlowsResult> {
  const sites = await openSites()
  const [origin, ...peers] = sites
  if (!origin) throw new Error('a plan has sites')
  let bytes = 0
  const deliveries = peers.map(peer =>
    createHttpPeer({
      site: origin.id,
      peer: peer.id,
      url: 'https://peer.invalid/ingest',
      clock,
      sign: origin.sign,
      verify: origin.verify,
      fetch: async (_url, init) => {
        const body = init?.body
        if (!(body instanceof Uint8Array)) throw new Error('a batch is bytes')
        bytes += body.length
        const headers = Object.fromEntries(new Headers(init?.headers))
        const { status, headers: answered, body: text } = await answerIngest({ headers, body }, peer)
        return new Response(text, { status, headers: answered })
      },
    }),
  )
  const queue: string[] = []
  origin.bus.subscribe(text => void queue.push(text))
  const refs: readonly RecordRef[] = Array.from({ length: batch }, (_, index) => ({
    type: 'carts',
    key: [`c${index}`],
  }))
  const startedMs = performance.now()
  for (let round = 0; round < rounds; round++) {
    for (const [customer, ref] of refs.entries()) {
      const document = cart(customer, round, lines)
      origin.database.write(ref, () => document)
      await capture(ref, origin)
    }
    const versions = origin.written.splice(0).map(({ ref, before, after }) => ({ ref, text: after, previous: before }))
    await publish(versions, { ...origin, bus: origin.bus.connect() })
    const texts = queue.splice(0)
    // One function for each peer, side by side.
    await Promise.all(
      deliveries.map(async (peer, index) => {
        const forwarded = await forward(texts, { ...origin, peerId: peers[index]?.id ?? '', peer })
        const again = forwarded.find(({ outcome }) => outcome === 'again')
        if (again) throw new Error(`a change did not arrive: ${JSON.stringify(again)}`)
      }),
    )
    for (const peer of peers) peer.written.length = 0
  }
  const changes = rounds * batch
  const seconds = (performance.now() - startedMs) / 1000
  return { changes, changesPerSecond: changes / seconds, bytesPerChange: bytes / (changes * peers.length) }
}
