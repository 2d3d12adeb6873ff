/** What commands ask of a site's stores, and the answers: by the host process of a local site, or by a command itself. */
import { z } from 'zod'
import type { AuditFilter } from '../../shared/ports/index.ts'
import { flowName } from '../../shared/replicate/flow-control.ts'
import { flowSettings, flowText, readFlow } from '../../shared/replicate/flow-settings.ts'
import { dataTypeOf } from '../../shared/replicate/here.ts'
import { type RecordRef, recordName } from '../../shared/replicate/record-ref.ts'
import { resend } from '../../shared/replicate/resend.ts'
import type { ReviewEntry } from '../../shared/replicate/review-entry.ts'
import { homesName, readHomes } from '../../shared/replicate/taken-homes.ts'
import { adoptingRequest, answerAdopting } from './adopting-protocol.ts'
import { listLetters, replayLetter } from './dead-letter-queue.ts'
import type { RecordStanding } from './record-standing.ts'
import type { SiteStores } from './site-stores.ts'
import { takeHomes } from './take-homes.ts'
import { writeOff } from './write-off.ts'

const auditFilter: z.ZodType<AuditFilter> = z.object({
  type: z.string(),
  key: z.array(z.string()).exactOptional(),
  fromMs: z.number().exactOptional(),
  untilMs: z.number().exactOptional(),
  rule: z.string().exactOptional(),
  review: z.literal(true).exactOptional(),
  order: z.enum(['newest', 'oldest']),
  limit: z.int().min(1).max(1000),
})

const reviewEntry = z.custom<ReviewEntry>(
  value => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'review',
)

export const storeRequest = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('records'), type: z.string() }),
  z.object({ ask: z.literal('record'), type: z.string(), key: z.array(z.string()).min(1) }),
  z.object({ ask: z.literal('audit'), filter: auditFilter, cursor: z.string().optional() }),
  z.object({ ask: z.literal('put-audit'), entries: z.array(reviewEntry).min(1) }),
  z.object({ ask: z.literal('dead-letters') }),
  z.object({ ask: z.literal('replay'), id: z.string() }),
  z.object({ ask: z.literal('adopting'), request: adoptingRequest }),
  z.object({ ask: z.literal('flow'), peer: z.string() }),
  z.object({ ask: z.literal('set-flow'), peer: z.string(), settings: flowSettings }),
  z.object({ ask: z.literal('homes') }),
  z.object({ ask: z.literal('take-homes'), type: z.string(), homes: z.array(z.string()), turn: z.int() }),
  z.object({ ask: z.literal('resend'), refs: z.array(z.object({ type: z.string(), key: z.array(z.string()) })) }),
  z.object({ ask: z.literal('write-off'), type: z.string(), site: z.string(), most: z.number().min(0) }),
])

export type StoreRequest = z.input<typeof storeRequest>

export async function answerStores(stores: SiteStores, asked: z.output<typeof storeRequest>): Promise<unknown> {
  switch (asked.ask) {
    case 'records':
      return isKnown(stores, asked.type) ? standings(stores, asked.type) : []
    case 'record':
      if (!isKnown(stores, asked.type)) return { document: null, vector: {}, open: [], origins: [] }
      return recordOf(stores, { type: asked.type, key: asked.key })
    case 'audit':
      return stores.audit.query(asked.filter, asked.cursor)
    case 'put-audit':
      await stores.audit.put(asked.entries)
      return {}
    case 'dead-letters':
      return listLetters(stores.takeLetters)
    case 'replay':
      return { result: await replayLetter(asked.id, stores.takeLetters, stores.ports) }
    case 'adopting':
      return answerAdopting(stores.adopting, asked.request)
    case 'flow':
      return readFlow(await stores.control.read(flowName(asked.peer)))
    case 'set-flow':
      await stores.control.write(flowName(asked.peer), flowText(asked.settings))
      return {}
    case 'homes':
      return readHomes(await stores.control.read(homesName))
    case 'take-homes':
      return takeHomes(asked, stores)
    case 'resend':
      return { sent: await resend(asked.refs, stores.ports) }
    case 'write-off':
      return writeOff(asked, stores)
  }
}

/** Not, where the declaration that says so has not been deployed yet. */
function isKnown({ ports }: SiteStores, type: string): boolean {
  return ports.here.types.has(type)
}

async function standings(stores: SiteStores, type: string): Promise<readonly RecordStanding[]> {
  const found: RecordStanding[] = []
  for await (const { ref, record } of stores.records(type)) {
    const { vector, hlc, shadow } = record
    found.push({ name: recordName(ref), vector, hlc, deleted: shadow === 'absent' })
  }
  return found
}

async function recordOf({ ports: { here, store } }: SiteStores, ref: RecordRef) {
  const stored = await store.readRecord(ref)
  const { document } = await store.readDocument(ref)
  const type = dataTypeOf(here, ref.type).record
  const [open, origins] = [type.openSiblings(stored?.record.state), type.origins(stored?.record.state)]
  return { document: document ?? null, vector: stored?.record.vector ?? {}, open, origins }
}
