/** What the command line asks the host process of a site, over HTTP on 127.0.0.1. One POST, JSON both ways. */
import { z } from 'zod'
import type { AuditFilter } from '../../shared/ports/index.ts'
import { flowSettings } from '../../shared/replicate/flow-settings.ts'
import type { ReviewEntry } from '../../shared/replicate/review-entry.ts'
import { adoptingRequest } from './adopting-protocol.ts'

export const secretHeader = 'tributary-secret'

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

export const controlRequest = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('cut'), sites: z.array(z.string()) }),
  z.object({ ask: z.literal('delay'), peer: z.string(), ms: z.number().min(0) }),
  // What the site's peers seem to answer instead of taking changes: 429, 500; null ends that.
  z.object({ ask: z.literal('refuse'), status: z.int().min(400).max(599).nullable() }),
  z.object({ ask: z.literal('connect'), ingests: z.record(z.string(), z.url()) }),
  z.object({ ask: z.literal('status') }),
  z.object({ ask: z.literal('records'), type: z.string() }),
  z.object({ ask: z.literal('record'), type: z.string(), key: z.array(z.string()).min(1) }),
  z.object({ ask: z.literal('audit'), filter: auditFilter, cursor: z.string().optional() }),
  z.object({ ask: z.literal('put-audit'), entries: z.array(reviewEntry).min(1) }),
  // By how much the clock of the site's functions is ahead; below 0: behind.
  z.object({ ask: z.literal('clock'), aheadMs: z.number() }),
  z.object({ ask: z.literal('dead-letters') }),
  z.object({ ask: z.literal('replay'), id: z.string() }),
  z.object({ ask: z.literal('invoke'), function: z.string(), event: z.unknown() }),
  z.object({ ask: z.literal('token'), as: z.string(), body: z.string() }),
  z.object({ ask: z.literal('kill'), function: z.string() }),
  z.object({
    ask: z.literal('faults'),
    faults: z
      .object({ duplicate: z.number(), reorder: z.number(), delayMs: z.number(), paused: z.boolean() })
      .partial(),
  }),
  z.object({ ask: z.literal('adopting'), request: adoptingRequest }),
  z.object({ ask: z.literal('prune'), olderThanMs: z.number().min(0) }),
  z.object({ ask: z.literal('flow'), peer: z.string() }),
  z.object({ ask: z.literal('set-flow'), peer: z.string(), settings: flowSettings }),
  z.object({ ask: z.literal('figures'), collected: z.boolean() }),
  z.object({ ask: z.literal('homes') }),
  z.object({ ask: z.literal('take-homes'), type: z.string(), homes: z.array(z.string()), turn: z.int() }),
  z.object({ ask: z.literal('write-off'), type: z.string(), site: z.string(), most: z.number().min(0) }),
  // Functions and triggers end for good, the stores stay: what removing the site's stack does.
  z.object({ ask: z.literal('end-functions') }),
  // Other functions take the place of these; stores, queues and what waits in them stay.
  z.object({ ask: z.literal('redeploy'), config: z.string(), functions: z.string() }),
  z.object({ ask: z.literal('identify') }),
  z.object({ ask: z.literal('stop') }),
])

export type ControlRequest = z.input<typeof controlRequest>
