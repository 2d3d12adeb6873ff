/** What a function behind a REST API receives for a request (proxy integration, payload format 1.0). */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { LOCAL_ACCOUNT_ID } from './aws-names.ts'

const API_ID = 'local'
const STAGE = 'tributary'

/** Every body is binary to an API whose binary media types are all there are: it comes in Base64. */
export function apiRequestToEvent(request: IncomingMessage, body: Buffer): object {
  const now = new Date()
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://local')
  const headers = grouped(pairs(request.rawHeaders))
  const query = grouped([...searchParams])
  return {
    resource: pathname,
    path: pathname,
    httpMethod: request.method ?? 'GET',
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: searchParams.size > 0 ? lastOf(query) : null,
    multiValueQueryStringParameters: searchParams.size > 0 ? query : null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: LOCAL_ACCOUNT_ID,
      apiId: API_ID,
      domainName: request.headers.host ?? '',
      domainPrefix: API_ID,
      httpMethod: request.method ?? 'GET',
      identity: {
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: request.headers['user-agent'] ?? null,
      },
      path: `/${STAGE}${pathname}`,
      protocol: `HTTP/${request.httpVersion}`,
      requestId: randomUUID(),
      requestTime: commonLogTime(now),
      requestTimeEpoch: now.getTime(),
      resourcePath: pathname,
      stage: STAGE,
    },
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  }
}

/** Names as they were sent. */
function pairs(rawHeaders: readonly string[]): readonly (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : []))
}

function grouped(from: readonly (readonly [string, string])[]): Record<string, string[]> {
  const groups: Record<string, string[]> = {}
  for (const [name, value] of from) groups[name] = [...(groups[name] ?? []), value]
  return groups
}

function lastOf(groups: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']))
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ')
  return `${day}/${month}/${year}:${clock} +0000`
}
