/** HTTP: another site delivers changes. */
import { http } from '@google-cloud/functions-framework'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { logFailure } from '../common/log.ts'
import { headersOf, keepBodiesRaw } from './raw-body.ts'
import { ingestPorts } from './site.ts'

keepBodiesRaw()

http('ingest', async (request, response) => {
  const ports = await ingestPorts()
  try {
    const body = request.rawBody ?? Buffer.alloc(0)
    const answer = await answerIngest({ headers: headersOf(request), body }, ports)
    response.status(answer.status).set(answer.headers).send(Buffer.from(answer.body))
  } catch (error) {
    logFailure({ site: ports.here.site, function: 'ingest', error })
    throw error
  }
})
