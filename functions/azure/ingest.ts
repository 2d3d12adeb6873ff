/** Ingest on Azure: an HTTP function. Who may call is proved by the request's own token. */
import { app } from '@azure/functions'
import { answerIngest, tooLargeByHeader } from '../../shared/wire/ingest-endpoint.ts'
import { logFailures } from './failure-log.ts'
import { here, ingestPorts } from './site.ts'

logFailures(here().site)

app.http('ingest', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'ingest',
  handler: async request => {
    const headers = Object.fromEntries(request.headers)
    const refusal = tooLargeByHeader(headers)
    if (refusal) return refusal
    return answerIngest({ headers, body: new Uint8Array(await request.arrayBuffer()) }, await ingestPorts())
  },
})
