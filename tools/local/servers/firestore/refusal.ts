/** A call that the server answers with a gRPC status other than OK; the client sees `code` and `message`. */
import { status } from '@grpc/grpc-js'

export class Refusal extends Error {
  readonly code: status

  constructor(code: status, message: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
  }
}

/** The request can never succeed, whatever is stored. */
export function invalidArgument(message: string): Refusal {
  return new Refusal(status.INVALID_ARGUMENT, message)
}
