/**
 * What did the caller send, byte for byte? The signature is over that, and so is the limit on its size.
 *
 * The functions framework lets Express expand every compressed body, up to 1 GB and before anybody has looked at who
 * sends it, and keeps only what came out of it. No setting turns that off. So the two headers by which it decides are put
 * aside before it sees the request: it then takes every body for plain bytes, and `rawBody` is what was sent.
 */
import { subscribe } from 'node:diagnostics_channel'
import { IncomingMessage } from 'node:http'

type Headers = Readonly<Record<string, string | undefined>>

const sentHeaders = new WeakMap<IncomingMessage, Headers>()

/** For every request to this process from now on. */
export function keepBodiesRaw(): void {
  // Node tells of a request here before it hands it to the server's own listeners.
  subscribe('http.server.request.start', message => {
    const request = typeof message === 'object' && message && 'request' in message ? message.request : undefined
    if (!(request instanceof IncomingMessage)) return
    sentHeaders.set(request, flat(request))
    request.headers['content-type'] = 'application/octet-stream'
    delete request.headers['content-encoding']
  })
}

/** The headers as they were sent; names in lower case. */
export function headersOf(request: IncomingMessage): Headers {
  return sentHeaders.get(request) ?? flat(request)
}

function flat({ headers }: IncomingMessage): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]))
}
