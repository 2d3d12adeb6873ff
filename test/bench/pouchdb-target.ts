/**
 * The peer: three PouchDB nodes in a full mesh over HTTP, each pulling from both others. An application writes with
 * PUT, as to any CouchDB, and watches the continuous changes feed. There are two of it: `pouchdb-server` as one gets
 * it, and the newest PouchDB put together with care, so that nobody has to wonder what a better set-up would do.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { cartOf } from './cart.ts'
import { installPackage } from './install-package.ts'
import type { LagSite, LagTarget } from './lag.ts'
import type { OpenOptions } from './open-options.ts'
import type { MeshNodeMessage, MeshNodeOrder } from './pouchdb/mesh-messages.ts'

export const openPouchDBServerMesh = (options: OpenOptions) =>
  openMesh('pouchdb-server mesh', './pouchdb/server-node.ts', options)

export const openPouchDBMesh = (options: OpenOptions) =>
  openMesh('PouchDB 9 mesh', './pouchdb/embedded-node.ts', options)

async function openMesh(name: string, program: string, { onProgress, signal }: OpenOptions): Promise<LagTarget> {
  await installPackage('the PouchDB mesh', join(import.meta.dirname, 'pouchdb'), { onProgress, signal })
  const nodes = ['node-1', 'node-2', 'node-3'].map(node => startNode(node, program))
  const agent = new Agent({ keepAlive: true })
  const close = async () => {
    agent.destroy()
    await Promise.all(nodes.map(({ child }) => endNode(child)))
  }
  try {
    const urls = await Promise.all(nodes.map(({ listening }) => listening))
    for (const [index, { child }] of nodes.entries()) {
      const order: MeshNodeOrder = { pullFrom: urls.filter((_, other) => other !== index) }
      child.send(order)
    }
    await Promise.all(nodes.map(({ pulling }) => pulling))
    signal.throwIfAborted()
    return {
      name,
      sites: nodes.map(({ name }, index) => createSite(name, urls[index] ?? '', agent)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface MeshNode {
  readonly name: string
  readonly child: ChildProcess
  /** The URL of its database. */
  readonly listening: Promise<string>
  readonly pulling: Promise<void>
}

function startNode(name: string, program: string): MeshNode {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning', '--no-deprecation'],
  })
  const listening = Promise.withResolvers<string>()
  const pulling = Promise.withResolvers<void>()
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-2000)
  })
  child.on('message', (message: MeshNodeMessage) => {
    if (message.kind === 'listening') listening.resolve(message.url)
    else pulling.resolve()
  })
  child.on('exit', () => {
    const error = new Error(`${name} ended early: ${said}`)
    listening.reject(error)
    pulling.reject(error)
  })
  // Whoever waits for one of them is told; nobody has to wait for both.
  listening.promise.catch(() => undefined)
  pulling.promise.catch(() => undefined)
  return { name, child, listening: listening.promise, pulling: pulling.promise }
}

async function endNode(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

function createSite(id: string, url: string, agent: Agent): LagSite {
  const revisions = new Map<string, string>()
  return {
    id,
    async write(key, value) {
      const revision = revisions.get(key)
      const document = { ...cartOf(key, value), ...(revision === undefined ? {} : { _rev: revision }) }
      const { rev } = await put(`${url}/${encodeURIComponent(key)}`, JSON.stringify(document), agent)
      revisions.set(key, rev)
    },
    async watch(onSeen) {
      const feed = await openFeed(`${url}/_changes?feed=continuous&include_docs=true&since=now&heartbeat=1000`)
      const lines = createInterface({ input: feed })
      lines.on('line', line => {
        // An empty line is the heartbeat; the first one also brings the head of the answer.
        if (line === '') return
        const { doc } = changeLine.parse(JSON.parse(line))
        if (doc.round !== undefined) onSeen(doc._id, doc.round)
      })
      return async () => {
        lines.close()
        feed.destroy()
      }
    },
  }
}

const changeLine = z.object({ doc: z.object({ _id: z.string(), round: z.number().optional() }) })
const putAnswer = z.object({ rev: z.string() })

async function put(url: string, body: string, agent: Agent): Promise<z.output<typeof putAnswer>> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const sent = request(url, { method: 'PUT', agent, headers })
  sent.end(body)
  const [response]: IncomingMessage[] = await once(sent, 'response')
  if (!response) throw new Error('a request has a response')
  const answer = await text(response)
  if (response.statusCode !== 201) throw new Error(`PUT ${url}: ${response.statusCode} ${answer}`)
  return putAnswer.parse(JSON.parse(answer))
}

async function openFeed(url: string): Promise<IncomingMessage> {
  const sent = get(url, { agent: false })
  const answered: Promise<IncomingMessage[]> = once(sent, 'response')
  const [response] = await answered
  if (response?.statusCode !== 200) throw new Error(`GET ${url}: ${response?.statusCode}`)
  return response
}
