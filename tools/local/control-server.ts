/** The host process's side of the control protocol. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { z } from 'zod'
import { controlRequest, secretHeader } from './control-protocol.ts'

export interface ControlServer {
  readonly url: string
  stop(): Promise<void>
}

/** `answer` rejects with what went wrong, in words. */
export async function startControlServer(
  secret: string,
  answer: (request: z.output<typeof controlRequest>) => Promise<unknown>,
): Promise<ControlServer> {
  const server = createServer(async (request, response) => {
    // Only this user's command line knows the secret; a page in a browser does not.
    if (request.headers[secretHeader] !== secret) return response.writeHead(403).end()
    try {
      const result = await answer(controlRequest.parse(JSON.parse(await textOf(request))))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: async () => {
      server.closeIdleConnections()
      server.close()
    },
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}
