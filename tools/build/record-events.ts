/**
 * `npm run record-events`: records the native event of every function of every cloud into `events/`, from running
 * local clouds, so that one function can be invoked alone. What changes from run to run is replaced: the plan's hash by
 * `{{plan}}`, a token by `{{token:SITE}}` (see tools/cli/fill-event.ts).
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliDecompressSync } from 'node:zlib'
import { decodeJwt } from 'jose'
import { z } from 'zod'
import plan from '#plan'
import { openClients } from '../local/official-clients/open-clients.ts'
import { startLocalClouds, stopLocalClouds } from '../local/start-local-clouds.ts'
import { projectRoot } from './bundle-functions.ts'
import { sampleDocuments } from './sample-documents.ts'

const httpRequest = z.looseObject({ headers: z.record(z.string(), z.string()), body: z.string() })

const temporary = await mkdtemp(join(tmpdir(), 'tributary-events-'))
const path = join(temporary, 'local')
const folder = { path, endpointsFile: join(path, 'endpoints.json'), variablesFile: join(path, 'env') }
const recorded = join(temporary, 'events')
try {
  await startLocalClouds({
    folder,
    config: join(projectRoot, 'sync.config.ts'),
    detached: false,
    onProgress: text => console.error(text),
    recordEventsTo: recorded,
  })
  const clients = await openClients(folder.endpointsFile)
  // The first event of a function is the one that is kept: of functions that serve all types, a cart's.
  for (const type of plan.types.map(({ name }) => name)) {
    await Promise.all(
      clients.map(async (client, number) => {
        const sample = sampleDocuments(number)[type]
        if (!sample) throw new Error(`no sample document of ${type}: tools/build/sample-documents.ts`)
        await client.put(type, sample)
      }),
    )
    if (type === 'carts') await sleep(3000)
  }
  await sleep(10_000)
  await Promise.all(clients.map(client => client.close()))
} finally {
  await stopLocalClouds(folder)
}
for (const cloud of await readdir(recorded)) {
  await mkdir(join(projectRoot, 'events', cloud), { recursive: true })
  for (const file of await readdir(join(recorded, cloud))) {
    const name = file.replace(/\.json$/, '')
    // Functions that exist once per peer share one event; on Azure those of each data type have their own.
    const kind = name.startsWith('forward-') ? 'forward' : name
    const event: unknown = JSON.parse(await readFile(join(recorded, cloud, file), 'utf8'))
    const text = JSON.stringify(kind === 'ingest' ? repeatable(event) : event, null, 2)
    await writeFile(join(projectRoot, 'events', cloud, `${kind}.json`), `${text.replaceAll(plan.hash, '{{plan}}')}\n`)
    console.log(`events/${cloud}/${kind}.json`)
  }
}
await rm(temporary, { recursive: true, force: true })

/** An ingest request in plain text, with a place for a fresh token of its sender. */
function repeatable(event: unknown): unknown {
  const { headers, body, ...rest } = httpRequest.parse(event)
  const plain = plainRequest(headers, Buffer.from(body, 'base64'))
  // A REST API tells every header twice.
  const twice = Object.fromEntries(Object.entries(plain.headers).map(([name, value]) => [name, [value]]))
  return { ...rest, ...plain, ...('multiValueHeaders' in rest && { multiValueHeaders: twice }), isBase64Encoded: false }
}

function plainRequest(headers: Readonly<Record<string, string>>, body: Buffer) {
  const { authorization = '', 'content-encoding': encoding, 'content-length': _length, ...others } = headers
  const sender = decodeJwt(authorization.replace(/^Bearer /, '')).iss
  const text = (encoding === 'br' ? brotliDecompressSync(body) : body).toString()
  return { headers: { ...others, authorization: `Bearer {{token:${sender}}}` }, body: text }
}
