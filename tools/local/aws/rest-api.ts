/**
 * An API Gateway REST API in front of a Lambda function, all media types binary: every method and path goes to the one
 * function (proxy integration), in payload format 1.0, both ways.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 *
 * Not imitated: authorizers, the firewall, throttling, custom domains, the gateway's own time limit of 29 s (the function's
 * is shorter).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { PayloadTooLarge } from './lambda.ts'
import { type Listening, listenOnLoopback } from './listen.ts'
import { apiRequestToEvent } from './rest-api-event.ts'
import { type ApiResponse, resultToApiResponse } from './rest-api-response.ts'

/** The gateway's limits: of a body as it arrives (before Base64), and of request line and headers together. */
const REQUEST_BYTES_MAX = 10 * 1024 * 1024
const HEADER_BYTES_MAX = 10_240

const TOO_LARGE = jsonResponse(413, 'Request Too Long')
const FUNCTION_FAILED = jsonResponse(502, 'Internal server error')

export interface RestApiOptions {
  /** The function: `createLambda(...).invoke`. */
  readonly invoke: (event: unknown, abandoned: AbortSignal) => Promise<unknown>
  /** Default: any free one. */
  readonly port?: number
}

/**
 * Serves on 127.0.0.1. Answers for itself: 413 to a request that is too large for the gateway or for Lambda, 431 to
 * too many headers, 502 when the function fails or returns something that is no response.
 */
export async function startRestApi(options: RestApiOptions): Promise<Listening> {
  const server = createServer({ maxHeaderSize: HEADER_BYTES_MAX }, (request, response) => {
    const abandoned = new AbortController()
    response.on('close', () => abandoned.abort())
    answer(request, event => options.invoke(event, abandoned.signal)).then(
      answered => send(response, answered),
      // Only the client's connection can have failed: there is nobody to answer.
      () => response.destroy(),
    )
  })
  return listenOnLoopback(server, options.port)
}

async function answer(request: IncomingMessage, invoke: (event: unknown) => Promise<unknown>): Promise<ApiResponse> {
  const body = await readBody(request)
  if (body === undefined) return TOO_LARGE
  try {
    return resultToApiResponse(await invoke(apiRequestToEvent(request, body))) ?? FUNCTION_FAILED
  } catch (error) {
    return error instanceof PayloadTooLarge ? TOO_LARGE : FUNCTION_FAILED
  }
}

/** Undefined when it is over the limit; the rest is then read and dropped, so that the client reads the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= REQUEST_BYTES_MAX) chunks.push(chunk)
    else chunks.length = 0
  }
  return bytes <= REQUEST_BYTES_MAX ? Buffer.concat(chunks) : undefined
}

function send(response: ServerResponse, { statusCode, headers, body }: ApiResponse): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.writeHead(statusCode, { 'content-length': body.length })
  response.end(body)
}

function jsonResponse(statusCode: number, message: string): ApiResponse {
  const headers = { 'content-type': 'application/json' }
  return { statusCode, headers, body: Buffer.from(JSON.stringify({ message })) }
}
