/** Ingest on Azure: an HTTP function. Who may call is proved by the request's own token. */
import { app } from '@azure/functions'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { logFailures } from './failure-log.ts'
import { here, ingestPorts } from './site.ts'

logFailures(here().site)

app.http('ingest', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'ingest',
  handler: async request => {
    const body = new Uint8Array(await request.arrayBuffer())
    return answerIngest({ headers: Object.fromEntries(request.headers), body }, await ingestPorts())
  },
})
