/**
 * A CloudEvent as Eventarc delivers it: an HTTP POST in binary mode, attributes in `ce-` headers, data in the body.
 * (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/http-protocol-binding.md, section 3.1)
 */
import type { FunctionRequest } from './cloud-function.ts'

export interface CloudEvent {
  /** The same for every delivery of one event. */
  readonly id: string
  readonly type: string
  readonly source: string
  readonly subject?: string
  /** RFC 3339. */
  readonly time: string
  /** Extension attributes by name, lower case: `{ document: 'carts/alice' }`. */
  readonly extensions: Readonly<Record<string, string>>
  readonly dataContentType: string
  readonly data: Buffer
}

export function cloudEventToRequest(event: CloudEvent): FunctionRequest {
  const { id, type, source, subject, time, extensions, dataContentType, data } = event
  const attributes = { id, type, source, time, specversion: '1.0', ...(subject ? { subject } : {}), ...extensions }
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, toHeaderValue(value)])
  return {
    method: 'POST',
    path: '/',
    headers: { ...Object.fromEntries(headers), 'content-type': dataContentType },
    body: data,
  }
}

/** A header carries printable ASCII only; the rest is percent-encoded as UTF-8 (section 3.1.3.2). */
function toHeaderValue(value: string): string {
  return value.replaceAll(/[^\x21-\x7e]|["%]/gu, encodeURIComponent)
}
