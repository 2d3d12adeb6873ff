/** What every event of ours has in common: the attributes of CloudEvents 1.0 around its data. */

import type { SiteId } from '../causality/dot.ts'
import type { Json } from '../document/json.ts'
import { ChangeMalformed, textAt } from './event-fields.ts'
import { keyText, type RecordRef } from './record-ref.ts'

export interface EventAbout extends RecordRef {
  readonly origin: SiteId
}

const sourcePrefix = '/sites/'

/** Throws `ChangeMalformed` for what no site sends. */
export function sourceAt(source: unknown): string {
  const text = textAt(source, 'source')
  if (!text.startsWith(sourcePrefix))
    throw new ChangeMalformed(`expected a site's source, ${sourcePrefix}..., at source`)
  return text
}

export function originOf(source: string): SiteId {
  return source.slice(sourcePrefix.length)
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
