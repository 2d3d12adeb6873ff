/**
 * One node of the mesh, at its best: the newest PouchDB behind a plain HTTP server on 127.0.0.1, in memory, pulling from
 * the others straight into its own database, with PouchDB's own replication settings. It ends with its parent.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import express from 'express'
import expressPouchDB from 'express-pouchdb'
import http from 'pouchdb-adapter-http'
import memory from 'pouchdb-adapter-memory'
import PouchDB from 'pouchdb-core'
import mapreduce from 'pouchdb-mapreduce'
import replication from 'pouchdb-replication'
import { database, type MeshNodeMessage, type MeshNodeOrder } from './mesh-messages.ts'

const tell = (message: MeshNodeMessage) => process.send?.(message)

PouchDB.plugin(memory).plugin(http).plugin(mapreduce).plugin(replication)
const InMemory = PouchDB.defaults({ adapter: 'memory' })

const app = express()
// Compression costs time on loopback, and holds back lines of the continuous feed.
app.use(expressPouchDB(InMemory, { mode: 'minimumForPouchDB', overrideMode: { exclude: ['compression'] } }))
const server = createServer(app)

server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
const url = `http://127.0.0.1:${address.port}/${database}`
// The server answers for databases that were made through it.
const { status } = await fetch(url, { method: 'PUT' })
if (status !== 201) throw new Error(`the database was not created: ${status}`)
const local = new InMemory(database)

process.on('message', ({ pullFrom }: MeshNodeOrder) => {
  // A name alone would become one more database in memory.
  for (const source of pullFrom) local.replicate.from(new PouchDB(source), { live: true, retry: true })
  tell({ kind: 'pulling' })
})
process.on('disconnect', () => process.exit(0))
tell({ kind: 'listening', url })
