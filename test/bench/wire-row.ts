/**
 * How many bytes does a change take on its way to a peer, beside the JSON of the document that changed? Made by the code
 * that runs: captured, published, cut into batches, compressed and signed; only the sending is left out.
 */
import plan from '#plan'
import { createSigner } from '../../functions/common/session-signer.ts'
import { typeOf } from '../../shared/declare/sync-plan.ts'
import { batchesOf } from '../../shared/replicate/batches.ts'
import type { ChangeEvent } from '../../shared/replicate/change-event.ts'
import { encodeBody } from '../../shared/wire/request-body.ts'
import { makeSiteKeys } from '../../tools/local/site-keys.ts'
import { createRemoteSite } from '../local/remote-site.ts'
import type { BenchRow, FigureTable } from './bench-row.ts'
import { type DocumentSet, openCatalogue } from './catalogue.ts'

const counts = [1, 10, 100]
const documents = 100

export const wireRow: BenchRow = {
  name: 'wire',
  about: "bytes on the wire per change beside the document's JSON",
  async measure({ onProgress, signal }) {
    onProgress('wire: capturing')
    const rows: FigureTable['rows'][number][] = []
    for (const set of (await openCatalogue()).all) {
      signal.throwIfAborted()
      rows.push(...(await rowsOf(set)))
    }
    return [
      {
        title: 'Bytes per change between sites',
        rows,
        notes: [
          'Of 100 documents, so many changes handed to forward at a time (it cuts batches at 100 KB before compression).',
          "event: the change as a CloudEvent; sent: the compressed body and the token of its request, shared by the batch's changes;",
          'not counted: the other headers, TLS, the signed answer. JSON: the whole document as the change left it; compressed: those of',
          'the same batch, in the same way, as the least that whole documents would take. Goal for batches: 0.2 of the JSON.',
        ],
      },
    ]
  },
}

interface Made {
  readonly event: ChangeEvent
  /** The document as the change left it. */
  readonly json: string
}

async function rowsOf({ name, type, keyPrefix, document, changed }: DocumentSet): Promise<FigureTable['rows']> {
  const [site, peer] = plan.sites
  if (!site || !peer) throw new Error('the plan has two sites')
  const origin = createRemoteSite(plan, site.id)
  const made: Record<'created' | 'changed', Made[]> = { created: [], changed: [] }
  const [keyField = ''] = typeOf(plan, type)?.key ?? []
  for (let number = 0; number < documents; number++) {
    const created = document(number)
    for (const [kind, written] of [
      ['created', created],
      ['changed', changed(created, number)],
    ] as const) {
      const { [keyField]: _, ...body } = written
      const events = await origin.write({ type, key: [`${keyPrefix}${number}`] }, structuredClone(body))
      made[kind].push(...events.map(event => ({ event, json: JSON.stringify(written) })))
    }
  }
  const tokenBytes = await tokenLength(site.id, peer.id)
  const rows = Object.entries(made).map(([kind, all]) =>
    counts.map(async count => ({
      documents: name,
      change: kind,
      'changes at a time': count,
      ...(await bytesPerChange(all, count, tokenBytes)),
    })),
  )
  return Promise.all(rows.flat())
}

async function bytesPerChange(all: readonly Made[], count: number, tokenBytes: number) {
  const groups = Array.from({ length: all.length / count }, (_, index) => all.slice(index * count, (index + 1) * count))
  const requests = groups.flatMap(group => batchesOf(group, ({ event }) => event))
  const bodies = await Promise.all(requests.map(batch => encodeBody(batch.map(({ event }) => event.text))))
  const plain = await Promise.all(requests.map(batch => encodeBody(batch.map(({ json }) => json))))
  const sent = sum(bodies.map(({ length }) => length + tokenBytes))
  const json = sum(all.map(one => Buffer.byteLength(one.json)))
  return {
    'JSON bytes': json / all.length,
    'event bytes': sum(all.map(({ event }) => Buffer.byteLength(event.text))) / all.length,
    'sent bytes': sent / all.length,
    'sent to JSON': sent / json,
    'JSON compressed to JSON': sum(plain.map(({ length }) => length)) / json,
  }
}

/** A token is as long whatever it signs. */
async function tokenLength(issuer: string, audience: string): Promise<number> {
  const { privateKey } = await makeSiteKeys()
  const sign = createSigner(privateKey)
  return (await sign({ issuer, audience, body: new Uint8Array(), nowMs: Date.now() })).length
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
