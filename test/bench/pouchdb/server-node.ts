/**
 * One node of the mesh, as one gets it: `pouchdb-server` from the registry, in memory, otherwise with its own
 * settings, told by `POST /_replicate` to pull from the others. Here only: a free port, a folder that is removed, and
 * the end of the process with that of its parent.
 */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { database, type MeshNodeMessage, type MeshNodeOrder } from './mesh-messages.ts'

const tell = (message: MeshNodeMessage) => process.send?.(message)

// The server writes its log and its settings where it is started.
const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-pouchdb-'))
process.chdir(folder)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))

const port = await freePort()
process.argv.push('--in-memory', '--no-stdout-logs', '--host', '127.0.0.1', '--port', String(port))
await import('pouchdb-server')
const server = `http://127.0.0.1:${port}`
await untilUp()
await send('PUT', `/${database}`)
tell({ kind: 'listening', url: `${server}/${database}` })

process.on('message', async ({ pullFrom }: MeshNodeOrder) => {
  for (const source of pullFrom) {
    await send('POST', '/_replicate', { source, target: database, continuous: true })
  }
  tell({ kind: 'pulling' })
})

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  probe.close()
  await once(probe, 'close')
  return address.port
}

/** Until the parent loses patience. */
async function untilUp(): Promise<void> {
  for (;;) {
    const answer = await fetch(server).catch(() => undefined)
    if (answer?.ok) return
    await sleep(100)
  }
}

async function send(method: string, path: string, body?: unknown): Promise<void> {
  const answer = await fetch(`${server}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}
