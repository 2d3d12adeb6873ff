/** What every event of ours has in common: the attributes of CloudEvents 1.0 around its data. */

import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import * as z from '../document/schema.ts'
import { keyText, type RecordRef } from './record-ref.ts'

export interface EventAbout extends RecordRef {
  readonly origin: SiteId
}

export const eventSource = z.string().check(z.startsWith('/sites/'))

export function originOf(source: z.output<typeof eventSource>): SiteId {
  return source.slice('/sites/'.length)
}

/** `id`: the same for every delivery of the event. `timeMs`: when its content was its origin's present. */
export function cloudEventText(
  { type, key, origin }: EventAbout,
  { id, type: eventType, timeMs }: { readonly id: string; readonly type: string; readonly timeMs: number },
  data: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: `/sites/${origin}`,
    type: eventType,
    subject: `${type}/${keyText(key)}`,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    data,
  })
}

/** The parsed text; undefined: it is no JSON. */
export function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
