/** Ingest on AWS: an HTTP API. */
import middy from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { failureLog } from './failure-log.ts'
import { ingestPorts } from './site.ts'

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(failureLog())
  .handler(async ({ headers, body = '', isBase64Encoded }) => {
    const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
    const answer = await answerIngest({ headers, body: bytes }, await ingestPorts())
    return { statusCode: answer.status, headers: answer.headers, body: answer.body }
  })
