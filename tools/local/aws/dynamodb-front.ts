/**
 * What applications talk to in place of DynamoDB Local itself: bytes go through unread, but for the names of operation
 * and table in a request. That tells the pollers of a table's stream when somebody has written to it; they would
 * otherwise have to ask all the time, and asking is most of what an idle site costs.
 *
 * Why bytes and not HTTP requests: nothing has to be parsed and written anew. A write whose
 * names are not recognized (cut in two between packets, or a statement of PartiQL) rings for no one, and is found by
 * the next poll.
 */

import { once } from 'node:events'
import { createServer, connect as openSocket, type Socket } from 'node:net'

export interface DynamoDbFront {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string
  stop(): Promise<void>
}

/** Calls back with each table that a request wrote to, when its answer begins to arrive. */
export async function startDynamoDbFront(endpoint: string, onWritten: (table: string) => void): Promise<DynamoDbFront> {
  const { hostname, port } = new URL(endpoint)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, client => {
    const database = openSocket({ host: hostname, port: Number(port), noDelay: true })
    for (const socket of [client, database]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    passOn(client, database, onWritten)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the front of DynamoDB does not listen on TCP')
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

function passOn(client: Socket, database: Socket, onWritten: (table: string) => void): void {
  /** Written to by the request that is not yet answered. */
  const written = new Set<string>()
  let isWrite = false
  client.on('data', bytes => {
    const operation = operationIn(bytes)
    if (operation !== undefined) isWrite = writes.has(operation)
    if (isWrite) for (const table of tablesIn(bytes)) written.add(table)
    if (!database.write(bytes)) client.pause()
  })
  database.on('data', bytes => {
    if (!client.write(bytes)) database.pause()
    for (const table of written) onWritten(table)
    written.clear()
  })
  client.on('drain', () => database.resume())
  database.on('drain', () => client.resume())
  for (const [one, other] of [
    [client, database],
    [database, client],
  ] as const) {
    one.on('end', () => other.end())
    one.on('close', () => other.destroy())
    // A connection that breaks is followed by its close.
    one.on('error', () => undefined)
  }
}

const writes: ReadonlySet<string> = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
])

const targetPrefix = 'DynamoDB_20120810.'

function operationIn(bytes: Buffer): string | undefined {
  const at = bytes.indexOf(targetPrefix)
  if (at === -1) return undefined
  const begin = at + targetPrefix.length
  return bytes.toString('latin1', begin, bytes.indexOf('\r', begin))
}

/** Both forms: `"TableName":"carts"`, and the keys of `RequestItems` in a BatchWriteItem. */
function tablesIn(bytes: Buffer): readonly string[] {
  const text = bytes.toString('latin1')
  return [
    ...text.matchAll(/"TableName"\s*:\s*"([^"]+)"/g),
    ...text.matchAll(/"([\w.-]{3,255})"\s*:\s*\[\s*\{\s*"(?:Put|Delete)Request"/g),
  ].flatMap(([, table]) => (table === undefined ? [] : [table]))
}
