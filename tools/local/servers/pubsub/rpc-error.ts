/** A refusal that the caller sees: gRPC status code and a sentence that says what to change. */
import { status } from '@grpc/grpc-js'

export class RpcError extends Error {
  readonly code: status
  readonly details: string

  constructor(code: status, details: string) {
    super(details)
    this.name = 'RpcError'
    this.code = code
    this.details = details
  }
}

export const invalidArgument = (details: string) => new RpcError(status.INVALID_ARGUMENT, details)
export const unimplemented = (details: string) => new RpcError(status.UNIMPLEMENTED, details)
export const topicNotFound = (name: string) => new RpcError(status.NOT_FOUND, `Topic not found: ${name}`)
export const subscriptionNotFound = (name: string) =>
  new RpcError(status.NOT_FOUND, `Subscription does not exist: ${name}`)
