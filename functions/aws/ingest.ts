/** Ingest on AWS: a REST API. */
import middy from '@middy/core'
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { failureLog } from './failure-log.ts'
import { ingestPorts } from './site.ts'

export const handler = middy<APIGatewayProxyEvent, APIGatewayProxyResult>()
  .use(failureLog())
  .handler(async ({ headers, body, isBase64Encoded }) => {
    const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8')
    const answer = await answerIngest({ headers: inLowerCase(headers), body: bytes }, await ingestPorts())
    return { statusCode: answer.status, headers: answer.headers, body: answer.body }
  })

/** The gateway hands names over as they were sent. */
function inLowerCase(headers: APIGatewayProxyEvent['headers']): APIGatewayProxyEvent['headers'] {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
}
