/** What the command line asks the host process of a site, over HTTP on 127.0.0.1. One POST, JSON both ways. */
import { z } from 'zod'
import { storeRequest } from '../stores/store-protocol.ts'

export const secretHeader = 'tributary-secret'

export const controlRequest = z.discriminatedUnion('ask', [
  storeRequest,
  z.object({ ask: z.literal('cut'), sites: z.array(z.string()) }),
  z.object({ ask: z.literal('delay'), peer: z.string(), ms: z.number().min(0) }),
  // What the site's peers seem to answer instead of taking changes: 429, 500; null ends that.
  z.object({ ask: z.literal('refuse'), status: z.int().min(400).max(599).nullable() }),
  z.object({ ask: z.literal('connect'), ingests: z.record(z.string(), z.url()) }),
  z.object({ ask: z.literal('status') }),
  // By how much the clock of the site's functions is ahead; below 0: behind.
  z.object({ ask: z.literal('clock'), aheadMs: z.number() }),
  z.object({ ask: z.literal('invoke'), function: z.string(), event: z.unknown() }),
  z.object({ ask: z.literal('token'), as: z.string(), body: z.string() }),
  z.object({ ask: z.literal('kill'), function: z.string() }),
  z.object({
    ask: z.literal('faults'),
    faults: z
      .object({ duplicate: z.number(), reorder: z.number(), delayMs: z.number(), paused: z.boolean() })
      .partial(),
  }),
  z.object({ ask: z.literal('prune'), olderThanMs: z.number().min(0) }),
  z.object({ ask: z.literal('figures'), collected: z.boolean() }),
  // Functions and triggers end for good, the stores stay: what removing the site's stack does.
  z.object({ ask: z.literal('end-functions') }),
  // Other functions take the place of these; stores, queues and what waits in them stay.
  z.object({ ask: z.literal('redeploy'), config: z.string(), functions: z.string() }),
  z.object({ ask: z.literal('identify') }),
  z.object({ ask: z.literal('stop') }),
])

export type ControlRequest = z.input<typeof controlRequest>
