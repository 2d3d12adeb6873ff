/** What a function behind an HTTP API receives for a request: payload format 2.0. */
import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { LOCAL_ACCOUNT_ID } from './aws-names.ts'

const API_ID = 'local'

/** Content types that the gateway passes on as text; everything else, and everything compressed, as Base64. */
const TEXT = /^(?:text\/.*|application\/(?:.+\+)?(?:json|xml)|application\/javascript)$/

export function apiRequestToEvent(request: IncomingMessage, body: Buffer): object {
  const now = new Date()
  const [rawPath = '/', rawQueryString = ''] = splitOnce(request.url ?? '/', '?')
  const { cookie, ...headers } = request.headersDistinct
  const cookies = cookie?.flatMap(value => value.split(/; */))
  const isBase64Encoded = body.length > 0 && !isText(request, body)
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookies && { cookies }),
    headers: joined(headers),
    ...(rawQueryString !== '' && { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: LOCAL_ACCOUNT_ID,
      apiId: API_ID,
      domainName: request.headers.host ?? '',
      domainPrefix: API_ID,
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  }
}

function isText(request: IncomingMessage, body: Buffer): boolean {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  const [mediaType = ''] = splitOnce(request.headers['content-type'] ?? '', ';')
  return encoding === 'identity' && TEXT.test(mediaType.trim().toLowerCase()) && isUtf8(body)
}

/** Repeated headers become one, with commas; the names are in lower case already. */
function joined(headers: NodeJS.Dict<string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, (values ?? []).join(',')]))
}

function queryParameters(rawQueryString: string): Record<string, string> {
  const parameters = new URLSearchParams(rawQueryString)
  return Object.fromEntries([...new Set(parameters.keys())].map(name => [name, parameters.getAll(name).join(',')]))
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ')
  return `${day}/${month}/${year}:${clock} +0000`
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)]
}
