/**
 * The service's methods and messages, read from the installed official client: what the client sends is by
 * definition what this server understands.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'

export function firestoreServiceDefinition(): ServiceDefinition {
  const client = createRequire(import.meta.url).resolve('@google-cloud/firestore')
  const protos = readFileSync(join(dirname(client), '../protos/v1.json'), 'utf8')
  const definitions = fromJSON(JSON.parse(protos), { longs: String, enums: String, oneofs: true, defaults: true })
  const service = definitions['google.firestore.v1.Firestore']
  if (!service || typeof service.format === 'string')
    throw new Error('the installed @google-cloud/firestore does not describe google.firestore.v1.Firestore')
  // What is no message or enum, which carry a format, is a service.
  return service as ServiceDefinition
}
