/**
 * Kinesis on this machine: kinesalite, in process and in memory.
 *
 * A small server of ours stands in front of it and hands it complete requests only. Reason: kinesalite throws, and so
 * ends the whole process, when a client's connection breaks in the middle of a request, which is what happens each
 * time a test kills a function that is writing.
 *
 * Differences from the service: no UpdateShardCount, no enhanced fan-out, no throttling. Clients need HTTP/1
 * (`createKinesisClient`).
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { KinesisClient } from '@aws-sdk/client-kinesis'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import kinesalite from 'kinesalite'
import { listenOnLoopback } from './listen.ts'

/** More than any declaration makes; kinesalite's own default of 10 is the quota of a new account in 2014. */
const SHARDS_MAX = 1_000

export interface KinesisLocal {
  readonly endpoint: string
  stop(): Promise<void>
}

/** Starts an empty Kinesis. A stream that is created is ACTIVE at once. `onPut` is told of records put, once readable. */
export async function startKinesisLocal(onPut: () => void = () => undefined): Promise<KinesisLocal> {
  const kinesis = kinesalite({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: SHARDS_MAX })
  const server = createServer((request, response) => {
    completed(request).then(
      complete => {
        if (isPut(request)) response.once('finish', onPut)
        kinesis.emit('request', complete, response)
      },
      () => abandon(response),
    )
  })
  const { url, stop } = await listenOnLoopback(server)
  return { endpoint: url, stop }
}

/** A client for this or another local Kinesis: over HTTP/1, because the SDK's default for Kinesis is HTTP/2. */
export function createKinesisClient(endpoint: string, region: string): KinesisClient {
  return new KinesisClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
  })
}

/** The same request, once all of it has arrived: nothing that happens to the connection reaches its reader. */
async function completed(request: IncomingMessage): Promise<Readable> {
  const body = await buffer(request)
  const { method, url, headers } = request
  return Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers })
}

function isPut({ headers }: IncomingMessage): boolean {
  return /\.PutRecords?$/.test(String(headers['x-amz-target']))
}

function abandon(response: ServerResponse): void {
  response.destroy()
}
