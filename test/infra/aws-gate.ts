/**
 * What stands between a function and the local servers: IAM, as far as a template's policies say it. A request passes if
 * the role of whoever sends it allows this action on this resource, by name; who sends is told by the access key, which
 * here is the function's name, as Lambda's credentials would tell. Anything else is denied, as AWS denies it.
 *
 * KMS has no server here: the gate signs by itself, with the key it is given.
 */
import { type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'

export interface GateOptions {
  /** `action on resource` of a function: `dynamodb:GetItem on carts.Arn`. */
  readonly allowed: (by: string) => ReadonlySet<string>
  readonly endpoints: { readonly dynamodb: string; readonly kinesis: string; readonly sqs: string }
  readonly rootKey: KeyObject
}

export interface Gate {
  readonly endpoint: string
  /** What each function did, in the same words. */
  readonly used: ReadonlyMap<string, ReadonlySet<string>>
  /** `by: action on resource`. */
  readonly denied: readonly string[]
  stop(): Promise<void>
}

const named = z.looseObject({ TableName: z.string() })
const request = z.looseObject({
  TableName: z.string().optional(),
  IndexName: z.string().optional(),
  TransactItems: z.array(z.record(z.string(), named)).default([]),
  RequestItems: z.record(z.string(), z.unknown()).default({}),
  StreamName: z.string().optional(),
  QueueUrl: z.string().optional(),
  KeyId: z.string().optional(),
  Message: z.string().optional(),
})
type Request = z.output<typeof request>

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html and its neighbours */
function permissionsFor(service: string, operation: string, body: Request): readonly string[] {
  const last = (text = '', separator = '/') => text.slice(text.lastIndexOf(separator) + 1)
  switch (service) {
    case 'DynamoDB_20120810': {
      const parts = body.TransactItems.flatMap(part => Object.entries(part))
      if (parts.length > 0) return parts.map(([kind, { TableName }]) => `dynamodb:${kind}Item on ${TableName}.Arn`)
      const batch = Object.keys(body.RequestItems)
      if (batch.length > 0) return batch.map(table => `dynamodb:${operation} on ${table}.Arn`)
      const index = body.IndexName === undefined ? '' : `/index/${body.IndexName}`
      return [`dynamodb:${operation} on ${body.TableName}.Arn${index}`]
    }
    case 'Kinesis_20131202':
      return [`kinesis:${operation} on ${body.StreamName}.Arn`]
    case 'AmazonSQS':
      return [`sqs:${operation.replace('Batch', '')} on ${last(body.QueueUrl)}.Arn`]
    case 'TrentService':
      return [`kms:${operation} on ${last(body.KeyId, ':key/').replace(/^key\//, '')}.Arn`]
    default:
      return [`${service}.${operation}`]
  }
}

const algorithm = 'ECDSA_SHA_256'

export async function startGate({ allowed, endpoints, rootKey }: GateOptions): Promise<Gate> {
  const used = new Map<string, Set<string>>()
  const denied: string[] = []
  const servers: Readonly<Record<string, string>> = {
    DynamoDB_20120810: endpoints.dynamodb,
    Kinesis_20131202: endpoints.kinesis,
    AmazonSQS: endpoints.sqs,
  }
  const server = createServer(async (incoming, response) => {
    const text = (await buffer(incoming)).toString()
    const header = (name: string) => String(incoming.headers[name] ?? '')
    const [service = '', operation = ''] = header('x-amz-target').split('.')
    const by = /Credential=([^/]+)\//.exec(header('authorization'))?.[1] ?? 'nobody'
    const body = request.parse(JSON.parse(text))
    const wanted = permissionsFor(service, operation, body)
    const missing = wanted.filter(permission => !allowed(by).has(permission))
    if (missing.length > 0) {
      denied.push(...missing.map(permission => `${by}: ${permission}`))
      const error = { __type: 'com.amazon.coral.service#AccessDeniedException', message: missing.join() }
      return void response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(error))
    }
    const known = used.get(by) ?? new Set()
    used.set(by, known)
    for (const permission of wanted) known.add(permission)
    if (service === 'TrentService') {
      const signature = sign('sha256', Buffer.from(body.Message ?? '', 'base64'), rootKey).toString('base64')
      const answer = { KeyId: body.KeyId, Signature: signature, SigningAlgorithm: algorithm }
      return void response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer))
    }
    const target = servers[service] ?? ''
    const answer = await fetch(target, {
      method: 'POST',
      headers: {
        // DynamoDB Local keeps tables by access key.
        authorization: header('authorization').replace(/Credential=[^/]+\//, 'Credential=local/'),
        'content-type': header('content-type'),
        'x-amz-date': header('x-amz-date'),
        'x-amz-target': header('x-amz-target'),
      },
      body: text.replaceAll(endpointOf(), target),
    })
    const type = answer.headers.get('content-type') ?? 'application/x-amz-json-1.0'
    response.writeHead(answer.status, { 'content-type': type }).end(Buffer.from(await answer.arrayBuffer()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpointOf = () => `http://127.0.0.1:${Object(server.address()).port}`
  return {
    endpoint: endpointOf(),
    used,
    denied,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
