/**
 * What stands between a Google Cloud function and a local server: IAM, as far as the template's roles say it. A call passes
 * if the function's account may make it; anything else is denied, as the service denies it. gRPC goes through unread, but
 * for the topic that is published to.
 */
import { once } from 'node:events'
import {
  type ClientHttp2Stream,
  connect,
  constants,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { buffer } from 'node:stream/consumers'

export interface GrpcGateOptions {
  /** `127.0.0.1:40202` */
  readonly target: string
  /** `read`, `write`, or `publish on <topic>`. */
  readonly allowed: ReadonlySet<string>
}

export interface GrpcGate {
  readonly host: string
  readonly used: ReadonlySet<string>
  readonly denied: readonly string[]
  stop(): Promise<void>
}

/** Of `google.firestore.v1.Firestore`: what roles/datastore.viewer may call. https://cloud.google.com/iam/docs/roles-permissions/datastore */
const reads: ReadonlySet<string> = new Set([
  'BatchGetDocuments',
  'BeginTransaction',
  'GetDocument',
  'ListCollectionIds',
  'ListDocuments',
  'Listen',
  'PartitionQuery',
  'Rollback',
  'RunAggregationQuery',
  'RunQuery',
])

export async function startGrpcGate({ target, allowed }: GrpcGateOptions): Promise<GrpcGate> {
  const used = new Set<string>()
  const denied: string[] = []
  const upstream = connect(`http://${target}`)
  const sessions = new Set<Http2Session>()
  const server = createServer()
  server.on('session', session => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', async (stream, headers) => {
    stream.on('error', () => undefined)
    const path = String(headers[':path'])
    const isPublish = path === '/google.pubsub.v1.Publisher/Publish'
    const message = isPublish ? await buffer(stream) : undefined
    const wanted = message ? `publish on ${topicIn(message)}` : methodKind(path)
    if (!allowed.has(wanted)) {
      denied.push(`${wanted}: ${path}`)
      const status = { 'grpc-status': '7', 'grpc-message': `denied: ${wanted}` }
      return stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true })
    }
    used.add(wanted)
    passOn(stream, upstream.request(requestHeaders(headers)), message)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: `127.0.0.1:${Object(server.address()).port}`,
    used,
    denied,
    async stop() {
      for (const session of sessions) session.destroy()
      upstream.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function methodKind(path: string): string {
  const [, service = '', method = ''] = path.split('/')
  if (service !== 'google.firestore.v1.Firestore') return path
  return reads.has(method) ? 'read' : 'write'
}

/** PublishRequest begins with its topic: a tag, a length, the text; five bytes of gRPC come before. */
function topicIn(message: Buffer): string {
  const begin = 5 + 2
  const topic = message.toString('utf8', begin, begin + (message[begin - 1] ?? 0))
  return topic.slice(topic.lastIndexOf('/') + 1)
}

function requestHeaders(headers: IncomingHttpHeaders) {
  const { ':authority': _, ':scheme': __, ...passed } = headers
  return passed
}

function passOn(stream: ServerHttp2Stream, request: ClientHttp2Stream, message: Buffer | undefined): void {
  let trailers: IncomingHttpHeaders = {}
  request.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  request.on('response', (headers, flags) => {
    const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    if (stream.destroyed) return
    stream.respond({ ...headers }, ends ? { endStream: true } : { waitForTrailers: true })
    if (!ends) request.pipe(stream)
  })
  request.on('trailers', headers => {
    trailers = headers
  })
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
  stream.on('close', () => request.close())
  if (message) request.end(message)
  else stream.pipe(request)
}
