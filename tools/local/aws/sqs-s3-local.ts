/**
 * SQS, SNS and S3 on this machine: fauxqs, in process and in memory, all three at one endpoint.
 *
 * SQS visibility, redrive and FIFO behave as in the service. S3 accepts and ignores If-Match, versioning and
 * notifications and does not refuse a wrong checksum: nothing may be tested here that depends on them.
 */
import { buildApp } from 'fauxqs'

/** The operations that answer with URLs of queues. */
const ANSWERS_WITH_URLS = /^AmazonSQS\.(?:CreateQueue|GetQueueUrl|ListQueues)$/

export interface SqsLocal {
  /** `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL_SQS` and `AWS_ENDPOINT_URL_S3`. */
  readonly endpoint: string
  stop(): Promise<void>
}

/** Starts with no queue and no bucket. Queues are told apart by name only: use one per region. */
export async function startSqsLocal(): Promise<SqsLocal> {
  const app = buildApp({ logger: false })
  let endpoint = ''
  // The SDK sends to the host of a queue's URL unless its endpoint is given in code; fauxqs makes that host
  // `sqs.<region>.localhost`, which many machines cannot resolve.
  app.addHook('onSend', async (request, _reply, payload) => {
    const hasUrls = ANSWERS_WITH_URLS.test(String(request.headers['x-amz-target']))
    return hasUrls && typeof payload === 'string' ? payload.replaceAll(/http:\/\/sqs\.[^/]+/g, endpoint) : payload
  })
  // Its own starter listens on every interface.
  endpoint = await app.listen({ port: 0, host: '127.0.0.1' })
  return { endpoint, stop: () => app.close() }
}
