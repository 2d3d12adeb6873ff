/**
 * Azurite's own command line in a worker thread. It saves and closes when its process gets SIGTERM, which a thread
 * never does: any message from the parent stands for it.
 */
import { createRequire } from 'node:module'
import { parentPort } from 'node:worker_threads'

parentPort?.once('message', () => process.emit('SIGTERM', 'SIGTERM'))
createRequire(import.meta.url)('azurite/dist/src/azurite.js')
