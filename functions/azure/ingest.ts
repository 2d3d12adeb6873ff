/** Ingest on Azure: an HTTP function. Who may call is proved by the request's own token. */
import { app } from '@azure/functions'
import { answerIngest } from '../../shared/wire/ingest-endpoint.ts'
import { requestBytesMax } from '../../shared/wire/limits.ts'
import { logFailures } from './failure-log.ts'
import { here, ingestPorts } from './site.ts'

logFailures(here().site)

app.http('ingest', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'ingest',
  handler: async request => {
    // Refused before it is read: nobody has proved anything yet.
    if (Number(request.headers.get('content-length') ?? 0) > requestBytesMax) return { status: 413 }
    const body = new Uint8Array(await request.arrayBuffer())
    return answerIngest({ headers: Object.fromEntries(request.headers), body }, await ingestPorts())
  },
})
